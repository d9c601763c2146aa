import { setTimeout as sleep } from 'node:timers/promises'
import { answer, isTold, type HandlerStep } from './told.ts'

/** Steps of a handler under `testReceiver`, around its effect. */
export interface HandlerSteps {
  /** Call before the effect. Waits while the suite says so, and throws if the suite says so. */
  before(): Promise<void>
  /** Call after the effect is stored. Waits while the suite says so. */
  after(): Promise<void>
}

const PAUSE = 5

/**
 * Creates the steps of a handler under `testReceiver`. Files in the test's folder control them, so that other languages
 * can implement them too. While a file `wait` exists, the handler creates a file `waiting` and waits before its effect.
 * If `fail` exists, it creates `failed` and throws before its effect. While `linger` exists, it creates `lingering` and
 * waits after its effect.
 *
 * @example
 * const steps = createSteps(process.env.FOLDER)
 * receiver.onAny(async (event) => {
 *   await steps.before()
 *   await database.insert(event.id)
 *   await steps.after()
 * })
 */
export function createSteps(folder: string): HandlerSteps {
  return {
    async before() {
      await whileTold(folder, 'wait')
      if (!isTold(folder, 'fail')) return
      answer(folder, 'fail')
      throw new Error('the suite told this handler to fail')
    },
    after: () => whileTold(folder, 'linger'),
  }
}

async function whileTold(folder: string, step: HandlerStep): Promise<void> {
  while (isTold(folder, step)) {
    answer(folder, step)
    await sleep(PAUSE)
  }
}
