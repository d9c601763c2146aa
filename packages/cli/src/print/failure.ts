/** Exit codes: 0 success, 1 negative result, 2 wrong usage, 3 the other side failed. */
export type ExitCode = 0 | 1 | 2 | 3

/**
 * An error that ends a command with an exit code. The message may quote text from outside, so it is escaped when
 * printed.
 */
export class Failure extends Error {
  readonly exitCode: ExitCode
  /** The message, and further lines to print below it. */
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
