import { afterEach, describe, expect, test, vi } from 'vitest'
import { fixed, memoryInbox, RetryAfterError } from '../../../src/index.ts'
import { acme, codeOf, gate, setup } from '../../acme.ts'

const AT_ONCE = fixed({ attempts: 3, delay: 0 })
const ONCE = { attempts: 1 }
const LATER = fixed({ attempts: 3, delay: '1h' })

afterEach(() => vi.useRealTimers())

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a window shorter than the sender delivers again is rejected', () => {
  const provider = acme({ retrySpan: 86_400_000 })
  expect(() => setup({ provider, inbox: memoryInbox({ dedupeWindow: '1h' }) })).toThrow(
    'dedupeWindow',
  )
  expect(() => setup({ provider, inbox: memoryInbox({ dedupeWindow: '1d' }) })).not.toThrow()
})

describe('replies', () => {
  test('go out before handlers that hold the thread, whoever delivered together', async () => {
    const { receiver, send } = setup()
    let runs = 0
    receiver.on('ping', () => {
      runs++
      for (const until = performance.now() + 5; performance.now() < until;);
    })
    await send({ id: 'first' })
    await expect.poll(() => runs).toBe(1)
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, at) => turn().then(() => send({ id: `e${at}` }))),
    )
    expect(replies.every((reply) => reply.status === 200)).toBe(true)
    // After two slow turns of the event loop, further tasks are delayed. By then three runs may have started.
    expect(runs).toBeLessThanOrEqual(3)
    await expect.poll(() => runs).toBe(51)
  })

  test('do not wait while a backlog is worked off', async () => {
    const { receiver, send } = setup()
    let runs = 0
    receiver.on('ping', { concurrency: 1000 }, () => {
      runs++
      for (const until = performance.now() + 0.1; performance.now() < until;);
    })
    await send({ id: 'first' })
    await expect.poll(() => runs).toBe(1)
    await Promise.all(Array.from({ length: 1000 }, (_, at) => send({ id: `e${at}` })))
    await turn()
    // One turn of the event loop starts only some of the tasks, so that requests are not blocked.
    expect(runs).toBeLessThan(1001)
    await expect.poll(() => runs).toBe(1001)
  })

  test('entries that stay are found among many that come and go', async () => {
    const inbox = memoryInbox()
    const { receiver, send } = setup({ inbox })
    const held = gate()
    const running = async (): Promise<number> => (await inbox.view!.stats())[0]!.counts.running
    receiver.on('ping', { name: 'held', concurrency: 5000 }, (event) =>
      event.id?.startsWith('stays') ? held.opened : undefined,
    )
    const again = Array.from({ length: 1500 }, (_, at) => `stays${at}`)
    for (const id of again) await send({ id })
    for (let at = 0; at < 5000; at++) {
      await send({ id: `goes${at}` })
      if (at % 50 === 0) await turn()
    }
    await expect.poll(running).toBe(1500)
    for (const id of again) await send({ id })
    expect(await running()).toBe(1500)
    held.open()
  })
})

describe('dedupe', () => {
  test('forgets after its window, and says when the bound on count made it shorter', async () => {
    let now = 1_000_000
    let time = 1_000_000
    const inbox = memoryInbox({ max: 2, dedupeWindow: '1h' })
    const { receiver, heard, send } = setup({
      inbox,
      clock: { now: () => now, monotonic: () => time },
    })
    receiver.on('ping', () => {})
    const done = async (id: string, nth: number): Promise<void> => {
      await send({ id })
      await heard.until('done', nth)
    }
    await done('e1', 1)
    // The deduplication window does not follow the wall clock.
    now += 365 * 24 * 3_600_000
    await send({ id: 'e1' })
    expect(heard.all('duplicate')).toHaveLength(1)
    time += 3_600_000
    await send({ id: 'e1' })
    expect(heard.all('duplicate')).toHaveLength(2)
    time += 1
    await done('e1', 2)
    await done('e2', 3)
    expect(heard.all('warning')).toEqual([])
    await done('e3', 4)
    expect(heard.all('warning')[0]?.[1]).toMatch(
      /forgotten 3600 s before its dedupeWindow .* max is 2/,
    )
    await done('e1', 5)
    expect(heard.all('warning')).toHaveLength(1)
  })
})

describe('failure', () => {
  test('is retried when all timers are faked and advanced, as the guide on testing has it', async () => {
    vi.useFakeTimers()
    const { receiver, send } = setup()
    let runs = 0
    receiver.on('ping', { retry: { attempts: 2, initialDelay: '1h', jitter: 'none' } }, () => {
      runs++
      throw new Error('not yet')
    })
    await send({ id: 'e1' })
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(runs).toBe(2)
  })

  test('waits longer than one timer can', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const { receiver, heard, send } = setup()
    receiver.on('ping', (_, task) => {
      if (task.attempt === 1) throw new RetryAfterError('60d')
    })
    await send({ id: 'e1' })
    await heard.until('retried')
    await vi.advanceTimersByTimeAsync(59 * 86_400_000)
    await turn()
    expect(heard.all('attemptStarted')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(86_400_000)
    await heard.until('done')
  })

  test('what fell out of the dead that are kept is revived by a redelivery all the same', async () => {
    const { receiver, heard, send } = setup({ inbox: memoryInbox({ maxDead: 1 }) })
    let broken = true
    receiver.on('ping', { retry: ONCE }, () => {
      if (broken) throw new Error('no')
    })
    await send({ id: 'e1' })
    await send({ id: 'e2' })
    await heard.until('dead', 2)
    expect(await receiver.tasks()).toMatchObject([{ event: { id: 'e2' } }])
    broken = false
    await send({ id: 'e1' })
    await heard.until('done')
    expect(heard.all('duplicate')).toMatchObject([[{ id: 'e1' }, true, {}]])
  })

  test('RetryAfterError chooses the time, of another copy of the package too', async () => {
    const { receiver, heard, send } = setup({ clock: { now: () => 1000 } })
    const foreign = Object.assign(new Error('later'), { name: 'RetryAfterError', delay: 7_200_000 })
    receiver.on('ping', () => {
      throw new RetryAfterError('2h')
    })
    receiver.on('ping', () => Promise.reject(foreign))
    await send()
    await heard.until('retried', 2)
    expect(heard.all('retried').map(([, at]) => at)).toEqual([7_201_000, 7_201_000])
    await receiver.close()
  })

  test('whatever is thrown is an error, and a broken policy is replaced', async () => {
    for (const thrown of [undefined, null, Object.create(null), Symbol('s'), 'text']) {
      const { receiver, heard, send } = setup()
      const delay = (): number => {
        throw new Error('broken policy')
      }
      receiver.on('ping', { retry: { attempts: 3, delay } }, () => Promise.reject(thrown))
      await send()
      await heard.until('retried')
      expect(heard.all('warning')[0]?.[1]).toContain('broken policy')
      expect((await receiver.tasks())[0]?.error?.message).toBeTypeOf('string')
      await receiver.close()
    }
  })
})

describe('timeout', () => {
  test('aborts the signal, counts as a failure, and a late end is ignored', async () => {
    const { receiver, heard, send } = setup()
    const late = gate()
    const reasons: unknown[] = []
    receiver.on('ping', { timeout: 1, retry: AT_ONCE }, (_, task) => {
      if (task.attempt > 1) return
      task.signal.addEventListener('abort', () => reasons.push(task.signal.reason))
      return late.opened.then(() => task.spawn([{ part: 'never' }]))
    })
    await send({ id: 'e1' })
    expect((await heard.until('attemptFailed'))[1]).toMatchObject({ name: 'TimeoutError' })
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }])
    await heard.until('done')
    late.open()
    await turn()
    expect(heard.all('done')).toHaveLength(1)
    expect(heard.all('attemptStarted')).toHaveLength(2)
    expect(await receiver.tasks()).toEqual([])
  })

  test('a late failure is no unhandled rejection', async () => {
    const { receiver, heard, send } = setup()
    const late = gate()
    receiver.on('ping', { timeout: 1, retry: ONCE }, () => late.opened)
    await send()
    await heard.until('dead')
    late.fail(new Error('too late'))
    await turn()
    expect(heard.all('attemptFailed')).toHaveLength(1)
  })

  test('longer than one timer can is not at once', async () => {
    const { receiver, heard, send } = setup()
    receiver.on('ping', { timeout: '60d', retry: ONCE }, () => turn())
    await send()
    await heard.until('done')
  })

  test('a thenable is awaited', async () => {
    const { receiver, heard, send } = setup()
    const query = {
      // oxlint-disable-next-line unicorn/no-thenable -- what query builders give
      then(_: unknown, reject: (error: Error) => void): void {
        reject(new Error('no such table'))
      },
    }
    receiver.on('ping', { retry: ONCE }, () => query)
    await send()
    expect((await heard.until('dead'))[1].message).toBe('no such table')
  })
})

test('beyond maxWaitingBytes a delivery is rejected until bodies before it are handled', async () => {
  const { receiver, heard, send } = setup({ inbox: memoryInbox({ maxWaitingBytes: 1000 }) })
  const running = gate()
  receiver.on('ping', () => running.opened)
  const large = { text: 'x'.repeat(600) }
  expect((await send({ id: '1', payload: large })).status).toBe(200)
  expect(codeOf(await send({ id: '2', payload: large }))).toBe('inbox_full')
  expect((await send({ id: '3', payload: {} })).status).toBe(200)
  running.open()
  await heard.until('done', 2)
  expect((await send({ id: '2', payload: large })).status).toBe(200)
})

describe('waitUntil', () => {
  test('is held for the first attempts, and not for their retries', async () => {
    const { receiver, heard } = setup()
    const running = gate()
    const held: Promise<unknown>[] = []
    receiver.on('ping', { retry: LATER }, async () => {
      await running.opened
      throw new Error('not yet')
    })
    const request = receiver.provider.sign!({ payload: {}, id: 'e1' })
    await receiver.receive(request, { waitUntil: (work) => held.push(work) })
    let over = false
    void held[0]!.then(() => (over = true))
    await heard.until('attemptStarted')
    expect(over).toBe(false)
    running.open()
    await held[0]
    expect(await receiver.tasks()).toMatchObject([{ state: 'pending', attempt: 1 }])
    await receiver.receive(request, { waitUntil: (work) => held.push(work) })
    expect(held).toHaveLength(1)
    await receiver.close()
  })

  test('is let go after `hold`', async () => {
    const { receiver } = setup({ inbox: memoryInbox({ hold: 1 }) })
    receiver.on('ping', () => new Promise(() => {}))
    const held: Promise<unknown>[] = []
    await receiver.receive(receiver.provider.sign!({ payload: {} }), {
      waitUntil: (work) => held.push(work),
    })
    await held[0]
  })
})

describe('spawn', () => {
  test.each<[unknown, RegExp]>([
    [{ part: 'x', data: { n: 1n } }, /^task\.spawn: data of part "x" must be a JSON value/],
    [{ part: 'x', data: () => 1 }, /must be a JSON value/],
    [{ part: 7 }, /^task\.spawn: part must be a string, got number/],
  ])('of %o is an error of the handler', async (child, message) => {
    const { receiver, heard, send } = setup()
    receiver.on('ping', { retry: ONCE }, (_, task) => task.spawn([child as never]))
    await send()
    expect((await heard.until('dead'))[1].message).toMatch(message)
  })

  test('close waits for the children of what runs', async () => {
    const { receiver, heard, send } = setup()
    receiver.on('ping', async (_, task) => {
      await turn()
      if (task.part === undefined) task.spawn([{ part: 'a' }])
    })
    await send()
    await heard.until('attemptStarted')
    await receiver.close()
    expect(heard.all('done')).toHaveLength(2)
  })
})

test('the idempotency key is the same over attempts and renames, and no other task has it', async () => {
  const inbox = memoryInbox()
  const keys: string[] = []
  const first = setup({ inbox })
  first.receiver.on('ping', { name: 'old', retry: LATER }, (_, task) => {
    keys.push(task.idempotencyKey)
    throw new Error('not yet')
  })
  await first.send({ id: 'e1' })
  await first.send({ id: 'e2' })
  await first.heard.until('retried', 2)
  await first.receiver.close()
  const second = setup({ inbox })
  second.receiver.on('ping', { name: 'new', previousNames: ['old'] }, (_, task) => {
    keys.push(task.idempotencyKey)
  })
  await second.send({ id: 'e1' })
  await second.heard.until('done')
  expect(keys[2]).toBe(keys[0])
  expect(new Set(keys).size).toBe(2)
  await second.receiver.close()
})

test('task.commit says which inboxes have it', async () => {
  const { receiver, heard, send } = setup()
  receiver.on('ping', { retry: ONCE }, (_, task) => task.commit(() => {}))
  await send()
  expect((await heard.until('dead'))[1].message).toContain('memoryInbox has no transaction')
})

describe('a new receiver over the same inbox', () => {
  test('goes on with what was pending, by their times and keys', async () => {
    let now = 1000
    const inbox = memoryInbox()
    const first = setup({ inbox, clock: { now: () => now } })
    const options = { name: 'one', retry: LATER, orderingKey: keyOf }
    first.receiver.on('ping', options, () => {
      throw new Error('not yet')
    })
    for (const id of ['a1', 'a2', 'b1']) await first.send({ id, payload: { key: id[0] } })
    await first.heard.until('retried', 2)
    await first.receiver.close()
    now += 3_600_000

    const second = setup({ inbox, clock: { now: () => now } })
    const runs: [unknown, number][] = []
    second.receiver.on(
      'ping',
      { name: 'two', previousNames: ['one'], orderingKey: keyOf },
      (event, task) => {
        runs.push([event.id, task.attempt])
      },
    )
    await second.receiver.startWorker()
    await second.heard.until('done', 3)
    expect(runs.filter(([id]) => id !== 'b1')).toEqual([
      ['a1', 2],
      ['a2', 1],
    ])
    expect(await second.receiver.tasks()).toEqual([])
    await first.receiver.close()
    expect((await second.send()).status).toBe(200)
  })
})

describe('close', () => {
  test('while the first delivery loads the default inbox loses nothing', async () => {
    const { receiver, heard, send } = setup()
    receiver.on('ping', () => {})
    const reply = send({ id: 'e1' })
    await receiver.close()
    expect((await reply).status).toBe(200)
    expect(heard.all('done')).toHaveLength(1)
    expect(codeOf(await send({ id: 'e2' }))).toBe('receiver_closed')
  })
})

describe('view', () => {
  test('the id of a dead task that is kept is known, however many others came', async () => {
    const { receiver, heard, send } = setup({ inbox: memoryInbox({ max: 1 }) })
    let runs = 0
    receiver.on('ping', { name: 'good' }, () => {})
    receiver.on('ping', { name: 'bad', retry: ONCE }, (event) => {
      if (event.id === 'e1' && ++runs === 1) throw new Error('no')
    })
    await send({ id: 'e1' })
    await heard.until('dead')
    for (const id of ['e2', 'e3', 'e4']) await send({ id })
    await heard.until('done', 7)
    await send({ id: 'e1' })
    await heard.until('done', 8)
    expect(heard.all('done').at(-1)![0]).toMatchObject({ id: 'e1', subscription: 'bad' })
    expect(await receiver.tasks()).toEqual([])
  })

  test('delete of a head that waits for its retry lets the next of its key run', async () => {
    const inbox = memoryInbox()
    const { receiver, heard, send } = setup({ inbox })
    receiver.on('ping', { orderingKey: keyOf, retry: LATER }, (event) => {
      if (event.id === 'a1') throw new Error('not yet')
    })
    await send({ id: 'a1', payload: { key: 'a' } })
    await send({ id: 'a2', payload: { key: 'a' } })
    await heard.until('retried')
    await inbox.view!.delete({ eventId: 'a1' })
    expect((await heard.until('done'))[0].id).toBe('a2')
    await receiver.close({ timeout: '1h' })
  })
})
function keyOf(event: { payload: unknown }): string {
  return (event.payload as { key: string }).key
}
