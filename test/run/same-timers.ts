import { afterAll } from 'vitest'

// Files of a worker share its globals. A timer that one leaves faked would stop the polling of all that come after it.
const NAMES = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] as const
const shared = globalThis as { atFirst?: readonly unknown[] }
const now = (): readonly unknown[] => NAMES.map((name) => globalThis[name])
const atFirst = (shared.atFirst ??= now())

afterAll(() => {
  const faked = NAMES.filter((_, at) => now()[at] !== atFirst[at])
  if (faked.length > 0)
    throw new Error(
      `this file leaves ${faked.join(', ')} faked: call vi.useRealTimers(), and spy on no timer that is faked`,
    )
})
