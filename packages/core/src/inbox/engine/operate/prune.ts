import { knownFor } from '../attach/checks.ts'
import { createSweep, type Sweep } from './sweep.ts'
import type { EngineSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import { ago } from './ago.ts'
import type { Before, Place } from './store.ts'

/** Makes the sweep that forgets what is older than its time. `failed` hears of a step that could not be written. */
export function createPrune(
  store: Store,
  settings: EngineSettings,
  failed: (error: unknown) => void,
): Sweep {
  const { window, keepDone, keepDead } = settings
  let before: Before | undefined
  return createSweep<Place>(Math.min(window, keepDone, keepDead), step)

  async function step(place: Place | undefined): Promise<Place | undefined> {
    try {
      if (!store.opened) await store.open()
      if (place === undefined || before === undefined) before = await bounds()
      return await store.prune(before, place)
    } catch (error) {
      if (store.fault(error) !== 'again') failed(error)
      throw error
    }
  }

  /** Of a round: a jump of the clock is no age. */
  async function bounds(): Promise<Before> {
    const now = await store.clock()
    const jumps = (await store.steps?.()) ?? []
    const known = knownFor(settings).time
    return {
      done: ago(now, keepDone, jumps, 'unseen'),
      dead: ago(now, keepDead, jumps, 'unseen'),
      known: ago(now, known, jumps, 'unseen'),
      guards: ago(now, known, jumps, 'unseenByGuards'),
    }
  }
}
