import assert from 'node:assert/strict'
import { gate } from '../gate.ts'
import { receiverHeard, deliverSigned } from '../listen.ts'
import type { SceneTest } from '../scene.ts'

const FLOOD = 500

/** The bounds of one tenant under a whole receiver. */
export function perKeyCases(test: SceneTest): void {
  test('a flood of one tenant within its concurrency holds up nobody, and uses no attempt', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene, {
      fairBy: (event) => event.id!.split('-')[0]!,
    })
    const open = gate()
    const attempts = new Set<number>()
    let running = 0
    let most = 0
    receiver.on('thing.*', { perKey: { concurrency: 1 }, concurrency: 5 }, async (event, task) => {
      attempts.add(task.attempt)
      if (event.id === 'quiet-1') return
      most = Math.max(most, ++running)
      await open.passed
      running--
    })
    try {
      for (let at = 0; at < FLOOD; at++) await deliverSigned(receiver, `loud-${at}`)
      await deliverSigned(receiver, 'quiet-1')
      await until('done quiet-1')
      assert.equal(most, 1)
      const [started, ...more] = happened.filter((one) => one.startsWith('started loud'))
      assert.deepEqual(more, [])
      open.pass()
      await until(started!.replace('started', 'done'))
      assert.equal(most, 1)
      assert.deepEqual([...attempts], [1])
    } finally {
      open.pass()
      await receiver.close()
    }
  })
}
