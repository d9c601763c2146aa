import { roomFor } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

needs(redisServer).describe('bullmqInbox, when there is no room in memory', () => {
  const scene = redisScene('room')

  // What is small is read and begun in one step, and the start is taken back: '' is what was before the first run.
  test.for([
    ['small', 0, 1, ''],
    ['large', 100_000, 4, null],
  ] as const)(
    'a claim of a %s event that loses its lease while it waits for room in memory is no interruption',
    { timeout: 300_000 },
    async ([, size, losses, before]) => {
      const leave = await roomFor(new Uint8Array(0), 1e15)
      const inbox = scene.open({ lease: '500ms' })
      // A claim that waits has a place of its subscription, also once its lease is lost; on a busy machine more leases end than here.
      const consumer = record({ lanes: [lane('a', { concurrency: 1000 })] })
      const port = inbox.attach(consumer)
      try {
        const payload = { id: '1', text: 'x'.repeat(size) }
        await port.accept(intake('1', undefined, { payload }), {})
        const { id } = (await inbox.view!.list()).rows[0]!
        const job = `${scene.prefix}:${id}`
        port.work!()
        let lock: string | null = null
        for (let lost = 0; lost < losses; lost++) {
          const waits = async (): Promise<boolean> => {
            const held = await scene.operator.get(`${job}:lock`)
            if (held === null || held === lock) return false
            if ((await scene.operator.hget(job, 'ls')) !== before) return false
            lock = held
            return true
          }
          await expect.poll(waits).toBe(true)
          await scene.operator.del(`${job}:lock`)
        }
      } finally {
        leave()
      }
      await expect.poll(() => consumer.ended.length).toBe(1)
      expect(consumer.cuts).toEqual([])
      expect(consumer.names()).toEqual(['1'])
      expect((await inbox.view!.list()).rows[0]).toMatchObject({ state: 'done', attempts: 1 })
    },
  )
})
