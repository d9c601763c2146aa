import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis } from '../../../test/services/redis.ts'
import { DONE, gate, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

needs(redisServer).describe('closing bullmqInbox', () => {
  const scene = redisScene('close')

  test('gives back what runs at the end, as it was: no attempt, no interruption, due at once', async () => {
    const inbox = scene.open()
    const other = scene.open()
    const { passed, pass } = gate()
    const hanging = record({ run: () => passed.then(() => DONE) })
    const port = inbox.attach(hanging)
    for (let at = 0; at < 3; at++) await port.accept(intake(`e${at}`), {})
    port.work!()
    await expect.poll(() => hanging.runs.length).toBe(3)
    const until = Date.now() + 400
    await port.close(until)
    expect(hanging.runs.map(({ signal }) => signal!.aborted)).toEqual([true, true, true])
    const { rows: tasks } = await other.view!.list()
    expect(tasks.map(({ state, attempt }) => [state, attempt])).toEqual(
      Array(3).fill(['pending', 0]),
    )
    expect(tasks.every(({ due }) => due! <= Date.now())).toBe(true)
    const next = record()
    other.attach(next).work!()
    await expect.poll(() => next.ended.length).toBe(3)
    expect(next.runs.map(({ claim }) => claim.attempt)).toEqual([1, 1, 1])
    pass()
    await expect.poll(() => hanging.ended.length).toBe(3)
    expect(hanging.ended.map(({ stored }) => stored)).toEqual([false, false, false])
    const attempts = await other.journal!.attempts(tasks[0]!.id)
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['done'])
  })

  test('twenty times in a row, no attempt is used', async () => {
    const web = scene.open()
    await web.attach(record()).accept(intake('1'), {})
    for (let round = 0; round < 20; round++) {
      const { passed, pass } = gate()
      const inbox = scene.open()
      const consumer = record({ run: () => passed.then(() => DONE) })
      const port = inbox.attach(consumer)
      port.work!()
      await expect.poll(() => consumer.runs.length).toBe(1)
      expect(consumer.runs[0]!.claim.attempt).toBe(1)
      await port.close(Date.now() + 40)
      await inbox.close()
      pass()
    }
    const last = record()
    scene.open().attach(last).work!()
    await expect.poll(() => last.ended.length).toBe(1)
    expect(last.runs[0]!.claim.attempt).toBe(1)
  })

  test('waits for what ends in time, and claims nothing more', async () => {
    const inbox = scene.open()
    const { passed, pass } = gate()
    const consumer = record({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => passed.then(() => DONE),
    })
    const port = inbox.attach(consumer)
    for (const id of ['1', '2']) await port.accept(intake(id), {})
    port.work!()
    await expect.poll(() => consumer.runs.length).toBe(1)
    const closed = port.close(Date.now() + 10_000)
    pass()
    await closed
    expect(consumer.ended.map(({ stored }) => stored)).toEqual([true])
    expect(consumer.runs).toHaveLength(1)
    expect((await scene.open().view!.list({ state: 'pending' })).rows).toHaveLength(1)
  })

  test.each(['is away', 'hangs'])(
    'waits no longer than it was told while Redis %s',
    async (how) => {
      const redis = await startRedis()
      const inbox = scene.open({ connection: redis.url })
      const consumer = record({ run: () => new Promise(() => {}) })
      const port = inbox.attach(consumer)
      await port.accept(intake('1'), {})
      port.work!()
      await expect.poll(() => consumer.runs.length).toBe(1)
      if (how === 'hangs') redis.pause()
      else await redis.down()
      const closed = Promise.all([port.close(Date.now() + 300), inbox.close()]).then(() => 'closed')
      // Far longer than it was told, and far shorter than BullMQ's own waits.
      const late = new Promise((resolve) => setTimeout(resolve, 3000, 'late'))
      expect(await Promise.race([closed, late])).toBe('closed')
      if (how === 'is away') await redis.up()
      await redis.stop()
    },
  )
})
