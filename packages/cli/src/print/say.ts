import { inertJson } from '@postern/core/inert'
import { CommanderError } from 'commander'
import { Failure, type ExitCode } from './failure.ts'
import { rendered, shown } from './terminal.ts'
import { columnsOf, wrapped } from './width.ts'
import { confirm, isCancel } from '@clack/prompts'

export { Failure, type ExitCode } from './failure.ts'

/** Prints a remark or progress to stderr, so that a pipe gets only results. Long lines are broken at blanks. */
export function remark(text: string): void {
  process.stderr.write(`${rendered(onLines(text, columnsOf(process.stderr)))}\n`)
}

/** Prints a result to stdout. Long lines are broken at blanks. */
export function say(text: string): void {
  process.stdout.write(`${rendered(onLines(text, columnsOf()))}\n`)
}

/** Prints a result that people copy, such as a command or a file. Long lines are not broken. */
export function sayWhole(text: string): void {
  process.stdout.write(`${rendered(text)}\n`)
}

function onLines(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, columns))
    .join('\n')
}

/** Converts a member for JSON: a big integer to a string, bytes to base64. */
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
  // A factory or a filter throws a TypeError if an option is wrong.
  if (error instanceof TypeError) {
    tell(`postern: ${shown(error.message, MOST)}`)
    return 2
  }
  tell(`postern: ${shown(error instanceof Error ? error.message : String(error), MOST)}`)
  return 3
}

// Maximum length of a printed message, in characters. A message can quote a whole file.
const MOST = 4000

/** Asks for confirmation. Throws a {@link Failure} without a terminal: there, only `--yes` confirms. */
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
