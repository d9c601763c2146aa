import { createSweep } from '../../operate/sweep.ts'
import type { EngineSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import type { Place } from './store.ts'

/** Forgets what is older than its time. */
export interface Prune {
  start(): void
  stop(): Promise<void>
  /** A round now, at most once a minute: a drain ends with it. */
  once(): Promise<void>
}

const MINUTE = 60_000
// Steps of one round of a drain, so that it ends soon.
const STEPS = 50

/** Makes the pruning of a store. */
export function createPrune(store: Store, settings: EngineSettings): Prune {
  const { window, keepDone, keepDead } = settings
  const sweep = createSweep<Place>(Math.min(window, keepDone, keepDead), step)
  let last = -Infinity
  return {
    start: () => sweep.start(),
    stop: () => sweep.stop(),
    async once() {
      const now = performance.now()
      if (now - last < MINUTE) return
      last = now
      let place: Place | undefined
      for (let at = 0; at < STEPS; at++) {
        place = await step(place)
        if (place === undefined) return
      }
    },
  }

  async function step(place: Place | undefined): Promise<Place | undefined> {
    if (!store.opened) await store.open()
    const now = await store.clock()
    const known = now - Math.max(window, keepDone)
    const before = { done: now - keepDone, dead: now - keepDead, known, guards: known }
    return store.prune(before, place)
  }
}
