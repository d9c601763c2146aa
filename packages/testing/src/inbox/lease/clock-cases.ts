import assert from 'node:assert/strict'
import { intake, item } from '../make.ts'
import type { JoinedReceiver, Scene, SceneTest } from '../scene.ts'

const HOUR = 3_600_000
const STEPS = { hour: HOUR, day: 24 * HOUR, year: 365 * 24 * HOUR } as const

/**
 * Steps of the wall clock, as a machine takes them whose clock was wrong: it forgets no id and no guard for them. Timers
 * and the monotonic clock go on.
 */
export function clockCases(
  test: SceneTest,
  { durable, guards, drain }: { durable: boolean; guards: boolean; drain: boolean },
): void {
  for (const [name, step] of Object.entries(STEPS)) {
    test(`a step of a ${name} ahead forgets no id`, async (scene) => {
      const shop = await known(scene)
      await stepped(step, async () => {
        await forget(shop)
        assert.deepEqual(await shop.port.accept(intake(item('1')), {}), ['duplicate'])
      })
      assert.deepEqual(await shop.port.accept(intake(item('1')), {}), ['duplicate'])
    })

    if (durable)
      test(`a step of a ${name} ahead while nobody was there forgets no id`, async (scene) => {
        await known(scene)
        await stepped(step, async () => {
          await scene.restart()
          const shop = scene.join()
          await forget(shop)
          assert.deepEqual(await shop.port.accept(intake(item('1')), {}), ['duplicate'])
          await scene.restart()
        })
      })
  }

  if (guards)
    for (const restarts of durable ? [false, true] : [false])
      test(`a captured delivery stays refused after a step ahead and back${restarts ? ', with restarts between' : ''}`, async (scene) => {
        const guarded = (id: string) =>
          intake(item(id, ['a'], { guards: [{ key: 'once', otherwise: 'refuse' }] }))
        let shop = scene.join()
        const again = async (): Promise<void> => {
          if (restarts) {
            await scene.restart()
            shop = scene.join()
          }
          assert.deepEqual(await shop.port.accept(guarded('2'), {}), ['refused'])
        }
        assert.deepEqual(await shop.port.accept(guarded('1'), {}), ['new'])
        await shop.untilSettled(1)
        await stepped(STEPS.year, async () => {
          await again()
          await forget(shop)
          await again()
        })
        await again()
      })

  /** A receiver that knows the event 1, which is done. */
  async function known(scene: Scene): Promise<JoinedReceiver> {
    const shop = scene.join()
    assert.deepEqual(await shop.port.accept(intake(item('1')), {}), ['new'])
    await shop.untilSettled(1)
    return shop
  }

  /** A drain ends with a round of pruning. */
  async function forget(shop: JoinedReceiver): Promise<void> {
    if (drain) await shop.port.drain!(Date.now() + 10_000, 1000)
  }
}

async function stepped(by: number, run: () => Promise<void>): Promise<void> {
  const { now } = Date
  Date.now = () => now() + by
  try {
    await run()
  } finally {
    Date.now = now
  }
}
