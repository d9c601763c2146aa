/** Exit codes: 0 success, 1 negative result, 2 wrong usage, 3 the other side failed. */
export type ExitCode = 0 | 1 | 2 | 3

/** Ends a command with an exit code and a message for people. Its text is data: it may quote what came from outside. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  /** The message, and `rows` below it. */
  readonly lines: readonly string[]

  constructor(
    exitCode: ExitCode,
    message: string,
    { rows = [], ...options }: ErrorOptions & { readonly rows?: readonly string[] } = {},
  ) {
    super([message, ...rows].join('\n'), options)
    this.exitCode = exitCode
    this.lines = [message, ...rows]
  }
}
