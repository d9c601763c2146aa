import { CommanderError } from 'commander'

/** Exit codes. 0 as asked; 1 the answer is no; 2 wrong use; 3 the other side failed. */
export type ExitCode = 0 | 1 | 2 | 3

/** Ends a command with an exit code and a message for people. */
export class Failure extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** A remark or progress: to stderr, so that results can be piped. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** A result: to stdout. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A value as JSON. Big integers become strings, bytes base64. */
export function jsonOf(value: unknown, indent?: number): string {
  const plain = (_name: string, member: unknown): unknown => {
    if (typeof member === 'bigint') return String(member)
    return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member
  }
  return JSON.stringify(value, plain, indent) ?? 'null'
}

/** A result as JSON. */
export function sayJson(value: unknown, indent?: number): void {
  say(jsonOf(value, indent))
}

/** Prints why a command ended, and returns its exit code. */
export function exitCodeOf(error: unknown, tell: (text: string) => void): ExitCode {
  // Commander has printed the error already; 0 is the code of --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof Failure) {
    if (error.message !== '') tell(`postern: ${error.message}`)
    return error.exitCode
  }
  // Bad configuration, from a factory or a filter.
  if (error instanceof TypeError) {
    tell(`postern: ${error.message}`)
    return 2
  }
  tell(`postern: ${error instanceof Error ? error.message : String(error)}`)
  return 3
}
