import { explain, explainedCodes } from '@postern/core/explain'
import type { Provider } from '@postern/core/scheme'
import type { Entry } from './entry.ts'

const BOUND = 5000

/** Explains rejections, one at a time. */
interface Explaining {
  /** Explains a rejection and calls back. While one is explained, the newest waits and others are left out. */
  offer(entry: Entry): void
  /** Explains a delivery, once. */
  now(entry: Entry): Promise<void>
}

/** Makes it for a provider. */
export function createExplaining(
  provider: Provider,
  explained: (entry: Entry) => void,
  fingerprints = true,
): Explaining {
  let isBusy = false
  let next: Entry | undefined
  const started = new WeakMap<Entry, Promise<void>>()
  return { offer, now }

  function offer(entry: Entry): void {
    if (!entry.delivery || entry.code === undefined || !explainedCodes.has(entry.code)) return
    next = entry
    if (!isBusy) void work()
  }

  async function work(): Promise<void> {
    isBusy = true
    while (next) {
      const entry = next
      next = undefined
      // The reply is on its way by then.
      await new Promise((resolve) => setTimeout(resolve))
      await now(entry).then(
        () => explained(entry),
        () => undefined,
      )
    }
    isBusy = false
  }

  function now(entry: Entry): Promise<void> {
    const known = started.get(entry) ?? search(entry)
    started.set(entry, known)
    return known
  }

  async function search(entry: Entry): Promise<void> {
    const { catalogue } = await import('@postern/providers/catalogue')
    entry.explanation = await explain(entry.delivery!, provider, {
      catalogue,
      ms: BOUND,
      fingerprints,
      now: () => entry.at,
    })
  }
}
