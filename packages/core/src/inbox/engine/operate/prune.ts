import { createSweep } from '../../operate/sweep.ts'
import type { EngineSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import { ago } from './ago.ts'
import type { Before, Place } from './store.ts'

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
  let before: Before | undefined
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
    if (place === undefined || before === undefined) before = await bounds()
    return store.prune(before, place)
  }

  /** Of a round: a jump of the clock is no age. */
  async function bounds(): Promise<Before> {
    const now = await store.clock()
    const jumps = (await store.steps?.()) ?? []
    const known = Math.max(window, keepDone)
    return {
      done: ago(now, keepDone, jumps, 'unseen'),
      dead: ago(now, keepDead, jumps, 'unseen'),
      known: ago(now, known, jumps, 'unseen'),
      guards: ago(now, known, jumps, 'unseenByGuards'),
    }
  }
}
