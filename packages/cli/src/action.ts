import type { ExitCode } from './print/say.ts'

/** Example command lines, for the end of a help text. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ postern ${line}`).join('\n')}`
}

/** An action of commander. */
// The exit code is set, without process.exit(): output must reach a pipe first.
export function runAction<Args extends readonly unknown[]>(
  action: (...args: Args) => Promise<ExitCode>,
): (...args: unknown[]) => Promise<void> {
  return async (...args: unknown[]): Promise<void> => {
    process.exitCode = await action(...(args as unknown as Args))
  }
}

/** Resolves with the first signal that ends a command. */
export function signals(): { readonly came: Promise<void>; readonly off: () => void } {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let resolve = (): void => undefined
  const came = new Promise<void>((settle) => (resolve = settle))
  for (const name of names) process.once(name, resolve)
  return { came, off: () => names.forEach((name) => process.off(name, resolve)) }
}
