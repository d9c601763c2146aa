const PAUSE = 5
const LONGEST = 15_000

/** Resolves when the condition holds, for changes without an event: it polls every few milliseconds, for 15 seconds. */
export async function eventually(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  longest: number = LONGEST,
): Promise<void> {
  const until = performance.now() + longest
  while (!(await condition())) {
    if (performance.now() > until) {
      const told = typeof what === 'string' ? what : what()
      throw new Error(`waited ${longest / 1000} s in vain until ${told}`)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}
