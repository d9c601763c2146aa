import type { ExitCode } from './print/say.ts'

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ postern ${line}`).join('\n')}`
}

// Sets the exit code instead of calling process.exit(), which could cut off output to a pipe.
export function runAction<Args extends readonly unknown[]>(
  action: (...args: Args) => Promise<ExitCode>,
): (...args: unknown[]) => Promise<void> {
  return async (...args: unknown[]): Promise<void> => {
    process.exitCode = await action(...(args as unknown as Args))
  }
}

export function signals(): { readonly came: Promise<void>; readonly off: () => void } {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let resolve = (): void => undefined
  const came = new Promise<void>((settle) => (resolve = settle))
  for (const name of names) process.once(name, resolve)
  return { came, off: () => names.forEach((name) => process.off(name, resolve)) }
}
