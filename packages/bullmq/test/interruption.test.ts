import type { Inbox } from '@postern/core/inbox'
import type { Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import type { BullmqInboxOptions } from '../src/index.ts'
import { LOAD } from '../src/lua/run.ts'
import { DONE, gate, intake, lane, record } from './consumer.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { redisScene } from './redis-scene.ts'

const FAILURE = { name: 'Error', message: 'the till is jammed' }

needs(redisServer).describe('bullmqInbox, when a run is cut off', () => {
  const scene = redisScene('cut')

  test('an event that was read late starts no run: another process had settled the task', async () => {
    const proxy = await way()
    const web = record()
    const port = open().attach(web)
    await port.accept(intake('1'), {})
    const slow = record()
    const held = proxy.holdAfter(LOAD)
    open({ connection: proxy.url }).attach(slow).work!()
    await held
    const other = record()
    open().attach(other).work!()
    await expect.poll(() => other.ended.length).toBe(1)
    proxy.release()
    await port.accept(intake('2'), {})
    await expect.poll(() => slow.runs.length + other.runs.length).toBe(2)
    expect([...slow.names(), ...other.names()].sort()).toEqual(['1', '2'])
  })

  test('a claim whose reply was lost is no interruption, and its task runs long before its lease ends', async () => {
    const proxy = await startProxy(scene.redis.port)
    scene.later(() => proxy.stop())
    const web = scene.open().attach(record())
    for (const id of ['1', '2']) await web.accept(intake(id), {})
    const worker = record()
    const port = scene.open({ connection: proxy.url, lease: '10m' }).attach(worker)
    // Of all commands, only claims have the argument `lockDuration`.
    proxy.loseReplyTo('lockDuration')
    port.work!()
    await expect.poll(() => worker.ended.map(({ stored }) => stored)).toEqual([true, true])
    expect(worker.runs.map(({ claim }) => claim.attempt)).toEqual([1, 1])
    expect(worker.cuts).toEqual([])
  })

  test('the next run is the same attempt, and the attempts say that one was interrupted', async () => {
    const proxy = await way()
    const { passed, pass } = gate()
    const dying = record({ run: () => passed.then(() => DONE) })
    const inbox = open()
    await inbox.attach(record()).accept(intake('1'), {})
    open({ connection: proxy.url }).attach(dying).work!()
    await expect.poll(() => dying.runs.length).toBe(1)
    proxy.cut()
    const next = record()
    open().attach(next).work!()
    await expect.poll(() => next.ended.length).toBe(1)
    expect(next.runs[0]!.claim.attempt).toBe(1)
    expect(next.cuts).toMatchObject([{ subscription: 'a', attempt: 1, count: 1, strikes: 0 }])
    expect(next.ended[0]!.ran!.duration).toBeTypeOf('number')
    const [task] = (await inbox.view!.list()).rows
    expect(task).toMatchObject({ state: 'done', attempt: 1, attempts: 2 })
    const attempts = await inbox.journal!.attempts(task!.id)
    expect(attempts.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
      ['interrupted', 1],
      ['done', 1],
    ])
    expect(attempts[0]!.duration).toBeUndefined()
    expect(attempts[1]!.duration).toBeTypeOf('number')
    pass()
  })

  test('claims that ended before they had read their task are no interruption', async () => {
    const inbox = open()
    await inbox.attach(record()).accept(intake('1'), {})
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    // `stc` is BullMQ's count of stalls. A process that is too busy to start a job can raise it as far as a poison task
    // does.
    await scene.operator.hset(job, { stc: 20 })
    const next = record()
    open().attach(next).work!()
    await expect.poll(() => next.ended.length).toBe(1)
    expect(next.cuts).toEqual([])
    expect(next.names()).toEqual(['1'])
    expect((await inbox.view!.list()).rows[0]).toMatchObject({ state: 'done', attempt: 1 })
  })

  test('what fails or is postponed at once runs again at once, though its claim may come before the answer', async () => {
    const asked = new Map<string, number>()
    const consumer = record({
      run({ event }): Outcome {
        const times = (asked.get(event.id!) ?? 0) + 1
        asked.set(event.id!, times)
        if (times === 1) return { kind: 'retry', at: Date.now(), error: FAILURE }
        return times === 2 ? { kind: 'postpone', at: Date.now() } : DONE
      },
    })
    // With this long lease, a task that is claimed but not started would block the test.
    const port = open({ lease: '10m' }).attach(consumer)
    port.work!()
    for (let at = 0; at < 200; at++) await port.accept(intake(`e${at}`), {})
    await expect.poll(() => consumer.ended.length).toBe(600)
    expect(consumer.ended.every(({ stored }) => stored)).toBe(true)
    expect(consumer.runs).toHaveLength(600)
  })

  test('a suspect that is cut off once more than its charges allow is poison at once, and stays a suspect', async () => {
    const proxy = await way()
    const { passed, pass } = gate()
    const dying = record({ run: () => passed.then(() => DONE) })
    const inbox = open()
    const port = inbox.attach(record())
    await port.accept(intake('1'), {})
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    await scene.operator.hset(job, { cut: 7, chg: 4 })
    open({ connection: proxy.url }).attach(dying).work!()
    await expect.poll(() => dying.runs.length).toBe(1)
    proxy.cut()
    const next = record()
    open().attach(next).work!()
    await expect.poll(() => next.ended.length).toBe(1)
    expect(next.runs).toEqual([])
    // The first process did not really die, so its run of the task still has to end.
    pass()
    expect(next.ended[0]).toMatchObject({ outcome: { kind: 'dead', error: { name: 'poison' } } })
    expect(await inbox.view!.get(id)).toMatchObject({ state: 'dead', error: { name: 'poison' } })
    expect(await port.accept(intake('1'), {})).toEqual(['revived'])
    await expect.poll(() => next.runs.length).toBe(1)
    await expect.poll(() => next.ended.length).toBe(2)
    expect(await scene.operator.hmget(job, 'chg')).toEqual(['0'])
  })

  test('a suspect is not charged for a claim that only waited for the place of suspects', async () => {
    const inbox = open()
    await inbox.attach(record()).accept(intake('1'), {})
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    // Another suspect killed the process before this task was put back. So no run of this task has begun since its last
    // interruption.
    await scene.operator.hset(job, { cut: 7, chg: 4, sn: 7, stc: 8 })
    const next = record()
    open().attach(next).work!()
    await expect.poll(() => next.ended.length).toBe(1)
    expect(next.cuts).toEqual([])
    expect(next.names()).toEqual(['1'])
    expect((await inbox.view!.list()).rows[0]).toMatchObject({ state: 'done', attempt: 1 })
  })

  test('a handler that holds the event loop longer than the lease is done, and ran once', async () => {
    const inbox = open()
    const consumer = record({
      run() {
        const end = performance.now() + 1500
        while (performance.now() < end);
        return DONE
      },
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(1)
    expect(consumer.ended[0]!.stored).toBe(true)
    await port.accept(intake('2'), {})
    await expect.poll(() => consumer.ended.length).toBe(2)
    expect(consumer.names()).toEqual(['1', '2'])
    expect(consumer.warnings.join()).toContain('the lease of task')
  })

  test('a task that still runs here is not run again: its outcome is stored by the later claim', async () => {
    const inbox = open()
    const { passed, pass } = gate()
    const consumer = record({
      run: ({ event }) => (event.id === '1' ? passed.then(() => DONE) : DONE),
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => consumer.runs.length).toBe(1)
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    const lock = await scene.operator.get(`${job}:lock`)
    await scene.operator.del(`${job}:lock`)
    const again = async (): Promise<string | null> => scene.operator.get(`${job}:lock`)
    await expect.poll(again).toEqual(expect.not.stringMatching(lock!))
    pass()
    await expect.poll(() => consumer.ended.length).toBe(1)
    expect(consumer.ended[0]).toMatchObject({ stored: true, outcome: DONE })
    expect(consumer.runs).toHaveLength(1)
    await expect.poll(async () => (await inbox.view!.get(id))?.state).toBe('done')
  })

  test('an outcome that comes late counts if nobody settled the task since', async () => {
    const { passed, pass } = gate()
    const inbox = open({ lease: '60s' })
    const consumer = record({
      lanes: [lane('a')],
      run: () => passed.then((): Outcome => ({ kind: 'dead', error: FAILURE })),
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => consumer.runs.length).toBe(1)
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    await scene.operator.del(`${job}:lock`)
    pass()
    await expect.poll(() => consumer.ended.length).toBe(1)
    expect(consumer.ended[0]!.stored).toBe(true)
    expect(await inbox.view!.get(id)).toMatchObject({ state: 'dead', attempt: 1 })
  })

  test('the first that is done counts, although another process runs the task: that is told, and rejected', async () => {
    const [late, other] = [gate(), gate()]
    const proxy = await way()
    const first = record({ run: () => late.passed.then(() => DONE) })
    const inbox = open({ connection: proxy.url, lease: '60s' })
    const port = inbox.attach(first)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => first.runs.length).toBe(1)
    proxy.stopClaims()
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    await scene.operator.del(`${job}:lock`)
    const told: string[] = []
    const second = record({
      run(claim) {
        claim.onLost!(({ message }) => told.push(message))
        return other.passed.then(() => DONE)
      },
    })
    open().attach(second).work!()
    // Over all processes, BullMQ looks for jobs without a lock once in half a lease. The first inbox has a long lease,
    // so the test deletes the key that delays the next look.
    const looked = `${job.slice(0, job.lastIndexOf(':'))}:stalled-check`
    const runs = async (): Promise<number> => {
      await scene.operator.del(looked)
      return second.runs.length
    }
    await expect.poll(runs, { interval: 200 }).toBe(1)
    late.pass()
    await expect.poll(() => first.ended.length).toBe(1)
    expect(first.ended[0]!.stored).toBe(true)
    expect((await inbox.view!.get(id))?.state).toBe('done')
    await expect.poll(() => told.join()).toContain('another process claimed or settled this task')
    other.pass()
    await expect.poll(() => second.ended.length).toBe(1)
    expect(second.ended[0]!.stored).toBe(false)
    expect(second.runs).toHaveLength(1)
  })

  test('a failure that comes when another process has the task is rejected, and clears no count', async () => {
    const { passed, pass } = gate()
    const inbox = open({ lease: '60s' })
    const consumer = record({
      run: () => passed.then((): Outcome => ({ kind: 'retry', at: 0, error: FAILURE })),
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => consumer.runs.length).toBe(1)
    const { id } = (await inbox.view!.list()).rows[0]!
    const job = await scene.job(id)
    await scene.operator.hset(job, { cut: 5, chg: 2 })
    await scene.operator.set(`${job}:lock`, 'of another process')
    pass()
    await expect.poll(() => consumer.ended.length).toBe(1)
    expect(consumer.ended[0]!.stored).toBe(false)
    expect(await scene.operator.hmget(job, 'cut', 'chg')).toEqual(['5', '2'])
  })

  function open(options: Partial<BullmqInboxOptions> = {}): Inbox {
    return scene.open({ lease: '500ms', ...options })
  }

  async function way(): Promise<Proxy> {
    const proxy = await startProxy(scene.redis.port)
    scene.later(() => proxy.stop())
    return proxy
  }
})
