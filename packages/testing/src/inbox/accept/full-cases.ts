import assert from 'node:assert/strict'
import type { WebhookError } from '@postern/core'
import { gate, type TestGate, item } from '../make.ts'
import { DONE_OUTCOME } from '../recorder.ts'
import type { JoinedReceiver, SceneTest } from '../scene.ts'

const ROOM = 10

/** Defines tests of a full inbox. A full inbox rejects the whole delivery, and the reply says when to retry. */
export function fullCases(test: SceneTest): void {
  test(
    'a delivery that would go beyond the bound is rejected as a whole with inbox_full',
    async (scene) => {
      const shop = scene.join({ work: false })
      await shop.accept(item('1'), item('2'))
      await rejected(shop, ['3', '4'], 3)
      assert.deepEqual(await shop.accept(item('4')), ['new'], 'nothing of it was kept')
      const bank = scene.join({ receiver: 'bank', work: false })
      assert.deepEqual(await bank.accept(item('1')), ['new'], 'another receiver has room')
      shop.work()
      await shop.untilSettled(3)
      assert.deepEqual(await shop.accept(item('3')), ['new'], 'room is back')
      await shop.untilSettled(4)
      assert.deepEqual(shop.ran().length, 4)
    },
    { maxPending: 3 },
  )

  test(
    'when to come again follows the pace at which tasks end: a tenth of the room is free by then',
    async (scene) => {
      let now = Date.now()
      const gates: TestGate[] = []
      const shop = scene.join({
        now: () => now,
        run: () => {
          const one = gate()
          gates.push(one)
          return one.passed.then(() => DONE_OUTCOME)
        },
      })
      let made = 0
      let ended = 0
      const fill = async (tasks: number): Promise<void> => {
        for (let at = 0; at < tasks; at++) await shop.accept(item(`e${made++}`))
      }
      const end = async (tasks: number): Promise<void> => {
        await shop.until('they run', () => shop.runs.length >= ended + tasks)
        for (let at = 0; at < tasks; at++) gates[ended++]!.pass()
        await shop.untilSettled(ended)
      }
      await fill(ROOM)
      assert.equal(await rejected(shop, ['more'], ROOM), 5, 'no pace is known yet')
      await end(2)
      now += 20_000
      await fill(2)
      assert.equal(await rejected(shop, ['more'], ROOM), 10, 'two ended in 20 s: one needs 10 s')
      await end(4)
      now += 24_000
      await fill(4)
      assert.equal(await rejected(shop, ['more'], ROOM), 6, 'four ended in 24 s: one needs 6 s')
      await end(ROOM)
    },
    { maxPending: ROOM },
  )
}

/** Returns the seconds of `Retry-After`. */
async function rejected(
  shop: JoinedReceiver,
  ids: readonly string[],
  room: number,
): Promise<number | undefined> {
  let error: Partial<WebhookError> = {}
  await assert.rejects(
    async () => shop.accept(...ids.map((id) => item(id))),
    (thrown: object) => {
      error = thrown
      return true
    },
  )
  const { code, problem, option, limit, got } = error
  assert.deepEqual([code, problem, option, limit], ['inbox_full', 'full', 'maxPending', room])
  assert.ok(typeof got === 'number' && got <= room && got + ids.length > room, `${got} wait`)
  return error.retryAfter
}
