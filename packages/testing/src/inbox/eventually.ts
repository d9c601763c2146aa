const PAUSE = 5
const LONGEST = 15_000

/** Resolves when the condition holds, for changes without an event: it polls every few milliseconds, for 15 seconds. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = Date.now() + LONGEST
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`waited 15 s in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}
