import { afterEach, expect, test, vi } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { DONE, gate, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

needs(redisServer).describe('bullmqInbox, its version and its orphans', () => {
  const scene = redisScene('schema')
  afterEach(() => void vi.restoreAllMocks())

  test('a store notes its version; a newer one that lets this one work changes nothing', async () => {
    const port = scene.open().attach(record())
    await port.accept(intake('1'), {})
    const key = `${scene.prefix}:schema`
    expect(await scene.operator.hgetall(key)).toMatchObject({ version: '1', oldest: '1' })
    await scene.operator.hset(key, 'version', '7')
    const worker = record()
    const other = scene.open()
    const its = other.attach(worker)
    await its.accept(intake('2'), {})
    its.work!()
    await expect.poll(() => worker.names().toSorted()).toEqual(['1', '2'])
    expect(await scene.operator.hgetall(key)).toMatchObject({ version: '7', oldest: '1' })
  })

  test('a newer one that shuts this one out: 503, no drain, nothing runs, and it says so, until that is over', async () => {
    await scene.open().attach(record()).accept(intake('1'), {})
    await scene.operator.hset(`${scene.prefix}:schema`, { version: '3', oldest: '2' })
    const worker = record()
    const port = scene.open().attach(worker)
    port.work!()
    const rejection = expect.objectContaining({
      code: 'inbox_unavailable',
      message: expect.stringMatching(
        /version 3, .* this process has version 1\. .*upgrade @postern\/bullmq/,
      ),
    })
    await expect(port.accept(intake('2'), {})).rejects.toEqual(rejection)
    await expect(port.probe!()).rejects.toEqual(rejection)
    await expect(port.drain!(Date.now() + 5000, 10)).rejects.toEqual(rejection)
    expect(worker.warnings).toContainEqual(expect.stringContaining('runs no tasks'))
    expect(worker.runs).toEqual([])
    await scene.operator.hset(`${scene.prefix}:schema`, { version: '3', oldest: '1' })
    await expect.poll(() => worker.names()).toEqual(['1'])
  })

  test('a process that is shut out while it works gives its tasks back', async () => {
    const { passed, pass } = gate()
    scene.later(pass)
    const worker = record({ run: () => passed.then(() => DONE) })
    const inbox = scene.open()
    const port = inbox.attach(worker)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => worker.runs.length).toBe(1)
    await scene.operator.hset(`${scene.prefix}:schema`, { version: '3', oldest: '2' })
    minutesLater(1.1)
    await expect
      .poll(async () => (await inbox.view!.stats())[0]!.counts)
      .toMatchObject({ pending: 1, running: 0 })
    expect(worker.runs[0]!.signal!.aborted).toBe(true)
    await expect(port.accept(intake('2'), {})).rejects.toThrow('version 3')
  })

  test('orphans are told when they arise, once, by a process that works', async () => {
    const worker = record()
    const port = scene.open().attach(worker)
    port.work!()
    await port.accept(intake('1'), {})
    await expect.poll(() => worker.names()).toEqual(['1'])
    const old = record({ lanes: [lane('a'), lane('before')] })
    await scene
      .open()
      .attach(old)
      .accept(intake('2', [{ subscription: 'before' }]), {})
    expect(told()).toEqual([])
    minutesLater(1.1)
    await expect.poll(told).toEqual([expect.stringContaining('subscription before are waiting')])
    minutesLater(2.2)
    await port.accept(intake('3'), {})
    await expect.poll(() => worker.names()).toEqual(['1', '3'])
    expect(told()).toHaveLength(1)

    function told(): readonly string[] {
      return worker.warnings.filter((message) => message.includes('previousNames'))
    }
  })

  test('a drain tells of orphans too', async () => {
    const old = record({ lanes: [lane('before')] })
    await scene
      .open()
      .attach(old)
      .accept(intake('1', [{ subscription: 'before' }]), {})
    const worker = record()
    await scene.open().attach(worker).drain!(Date.now() + 5000, 10)
    await expect
      .poll(() => worker.warnings)
      .toContainEqual(expect.stringContaining('subscription before are waiting'))
  })

  /** Moves `performance.now()` ahead, which measures waits. */
  function minutesLater(minutes: number): void {
    vi.restoreAllMocks()
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + minutes * 60_000)
  }
})
