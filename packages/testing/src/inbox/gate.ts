/** Something to wait at. */
export interface TestGate {
  readonly passed: Promise<void>
  pass(): void
}

/** A gate that is closed. */
export function gate(): TestGate {
  let pass = (): void => {}
  const passed = new Promise<void>((resolve) => (pass = resolve))
  return { passed, pass: () => pass() }
}
