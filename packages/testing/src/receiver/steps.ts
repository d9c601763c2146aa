import { setTimeout as sleep } from 'node:timers/promises'
import { answer, isTold, type HandlerStep } from './told.ts'

/** The steps of a handler in `testReceiver`, before and after its effect. The tests control these steps. */
export interface HandlerSteps {
  /** Call this function before the effect. Waits while the file `wait` exists. Throws if the file `fail` exists. */
  before(): Promise<void>
  /** Call this function after the effect is stored. Waits while the file `linger` exists. */
  after(): Promise<void>
}

const PAUSE = 5

/**
 * Creates the steps of a handler in `testReceiver`. Files in the test's folder control the steps, so a receiver in
 * another language can implement the steps too. While a file `wait` exists, the handler creates a file `waiting` and
 * waits before its effect. If `fail` exists, the handler creates `failed` and throws before its effect. While `linger`
 * exists, the handler creates `lingering` and waits after its effect.
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
