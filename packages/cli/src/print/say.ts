import { inertJson } from '@postern/core/inert'
import { CommanderError } from 'commander'
import { Failure, type ExitCode } from './failure.ts'
import { rendered, shown } from './terminal.ts'
import { columnsOf, wrapped } from './width.ts'
import { confirm, isCancel } from '@clack/prompts'

export { Failure, type ExitCode } from './failure.ts'

/** A remark or progress: to stderr, so that results can be piped. Long lines break at blanks. */
export function remark(text: string): void {
  process.stderr.write(`${rendered(onLines(text, columnsOf(process.stderr)))}\n`)
}

/** A result: to stdout. Long lines break at blanks. */
export function say(text: string): void {
  process.stdout.write(`${rendered(onLines(text, columnsOf()))}\n`)
}

/** A result that is copied, such as a command or a file: no line of it is broken. */
export function sayWhole(text: string): void {
  process.stdout.write(`${rendered(text)}\n`)
}

function onLines(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, columns))
    .join('\n')
}

/** A member as JSON has it: big integers become strings, bytes base64. */
export function plainMember(_name: string, member: unknown): unknown {
  if (typeof member === 'bigint') return String(member)
  return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member
}

export function sayJson(value: unknown, indent?: number): void {
  sayWhole(inertJson(value, indent, plainMember))
}

/** Prints why a command ended, and returns its exit code. */
export function exitCodeOf(error: unknown, tell: (text: string) => void): ExitCode {
  // Commander has printed the error already; 0 is the code of --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof Failure) {
    if (error.message !== '')
      tell(`postern: ${error.lines.map((line) => shown(line, MOST)).join('\n')}`)
    return error.exitCode
  }
  // Bad configuration, from a factory or a filter.
  if (error instanceof TypeError) {
    tell(`postern: ${shown(error.message, MOST)}`)
    return 2
  }
  tell(`postern: ${shown(error instanceof Error ? error.message : String(error), MOST)}`)
  return 3
}

// Characters of a message that may quote a whole file.
const MOST = 4000

/** Asks a person. Without a terminal it throws: `--yes` answers there. */
export async function agreed(message: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Failure(2, `${message} No terminal to ask for confirmation: give --yes`)
  const answer = await confirm({
    message: rendered(message),
    initialValue: false,
    output: process.stderr,
  })
  return !isCancel(answer) && answer
}
