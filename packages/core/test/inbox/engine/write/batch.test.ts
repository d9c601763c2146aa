import { afterEach, describe, expect, test, vi } from 'vitest'
import { isWebhookError } from '../../../../src/index.ts'
import { createBatch } from '../../../../src/inbox/engine/index.ts'
import {
  undone,
  type BatchOptions,
  type BatchWrite,
} from '../../../../src/inbox/engine/write/batch.ts'

afterEach(() => void vi.useRealTimers())

const toldBy = (error: Error): string => (isWebhookError(error) ? error.code : error.message)

interface Write extends BatchWrite {
  readonly name: string
}

function make(options: Partial<BatchOptions<Write>> = {}) {
  const log: string[] = []
  const batch = createBatch<Write>({
    inbox: 'myInbox',
    rows: 3,
    bytes: 100,
    store: (writes) => void log.push(writes.map(({ name }) => name).join('')),
    fault: () => 'all',
    rejection: (error) => error as Error,
    late: () => new Error('late'),
    ...options,
  })
  const add = (name: string, more: Partial<Write> = {}): void =>
    batch.add({ name, bytes: 1, failed: (error) => log.push(`${name}: ${toldBy(error)}`), ...more })
  return {
    batch,
    add,
    log,
    close: (): void => batch.close(),
    flushed: (): Promise<void> => batch.flushed(),
  }
}

/** Returns a batch whose calls of `store` end when the test settles them. */
function slow(options: Partial<BatchOptions<Write>>) {
  const stores: { names: string; resolve: () => void; reject: (error: Error) => void }[] = []
  const made = make({
    store: (writes) =>
      new Promise((resolve, reject) =>
        stores.push({ names: writes.map(({ name }) => name).join(''), resolve, reject }),
      ),
    ...options,
  })
  return { ...made, stores }
}

describe('batch', () => {
  test('what comes in one turn is stored together, within its bounds', async () => {
    const { add, log, flushed } = make()
    for (const name of 'abcde') add(name)
    add('f', { bytes: 100 })
    add('g', { rows: 2 })
    add('h')
    add('i')
    await flushed()
    expect(log).toEqual(['abc', 'def', 'gh', 'i'])
  })

  test('a single write may go beyond the bounds', async () => {
    const { add, log, flushed } = make()
    add('a', { bytes: 1000 })
    add('b')
    await flushed()
    expect(log).toEqual(['a', 'b'])
  })

  test('an asynchronous store takes what came meanwhile together, with some at once', async () => {
    const open: (() => void)[] = []
    const log: string[] = []
    const { add, flushed } = make({
      atOnce: 2,
      share: 1,
      rows: 10,
      store(writes) {
        log.push(writes.map(({ name }) => name).join(''))
        return new Promise((resolve) => open.push(resolve))
      },
    })
    for (const name of 'abcd') add(name)
    await new Promise(setImmediate)
    expect(log).toEqual(['ab', 'cd'])
    for (const name of 'ef') add(name)
    await new Promise(setImmediate)
    expect(log).toHaveLength(2)
    open[0]!()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(log[2]).toBe('ef')
    for (const end of open) end()
    await flushed()
  })

  test.each(['a synchronous', 'an asynchronous'])(
    'one that cannot be stored does not keep out those it came with, in %s store',
    async (kind) => {
      const { add, log, flushed } = make({
        store(writes) {
          const odd = writes.some(({ name }) => name === 'b')
          if (odd && kind === 'an asynchronous') return Promise.reject(new Error('too odd'))
          if (odd) throw new Error('too odd')
          log.push(writes.map(({ name }) => name).join(''))
          return undefined
        },
        fault: () => 'one',
      })
      for (const name of 'abc') add(name)
      await flushed()
      expect(log).toEqual(['a', 'b: too odd', 'c'])
    },
  )

  test('what is locked is tried again in order, and what comes meanwhile joins', async () => {
    let locked = 3
    const { add, log, flushed } = make({
      rows: 10,
      store(writes) {
        if (locked-- > 0) throw new Error('locked')
        log.push(writes.map(({ name }) => name).join(''))
      },
      fault: () => 'again',
    })
    add('a')
    await new Promise(setImmediate)
    add('b')
    await flushed()
    expect(log).toEqual(['ab'])
  })

  test('what failed comes before what came meanwhile, in its order', async () => {
    const { add, stores } = slow({ rows: 9, fault: () => 'again' })
    for (const name of 'ab') add(name)
    await new Promise(setImmediate)
    add('c')
    stores[0]!.reject(new Error('locked'))
    await expect.poll(() => stores.map(({ names }) => names)).toEqual(['ab', 'abc'])
  })

  test('what is locked until its deadline is late, and alone', async () => {
    let tries = 0
    const { add, log, flushed } = make({
      store(writes) {
        if (++tries < 3) throw new Error('locked')
        log.push(writes.map(({ name }) => name).join(''))
      },
      fault: () => 'again',
    })
    add('a', { deadline: 0 })
    add('b')
    await flushed()
    expect(log).toEqual(['a: late', 'b'])
  })

  test('a batch has the earliest deadline of its writes', async () => {
    const untils: number[] = []
    const far = performance.now() + 60_000
    const { add, flushed } = make({ store: (_, until) => void untils.push(until) })
    add('a', { deadline: far + 5 })
    add('b', { deadline: far })
    await flushed()
    add('c')
    await flushed()
    expect(untils).toEqual([far, Infinity])
  })

  test('bytes that wait are counted, and closing fails them', async () => {
    const { batch, add, log, close, flushed } = make()
    add('a', { bytes: 5 })
    add('b', { bytes: 7 })
    expect(batch.waiting()).toBe(12)
    close()
    add('c')
    await flushed()
    expect(batch.waiting()).toBe(0)
    expect(log).toEqual(['a: receiver_closed', 'b: receiver_closed', 'c: receiver_closed'])
  })

  test('a synchronous store has one batch a turn, so that requests have theirs', async () => {
    const { add, log, flushed } = make()
    for (const name of 'abcdefg') add(name)
    await new Promise(setImmediate)
    expect(log).toEqual(['abc'])
    await new Promise(setImmediate)
    expect(log).toEqual(['abc', 'def'])
    await flushed()
    expect(log).toEqual(['abc', 'def', 'g'])
  })

  test('an asynchronous store gets no more batches at once than it may, and flushing waits for all', async () => {
    const { add, stores, flushed } = slow({ rows: 1 })
    let over = false
    void flushed().then(() => (over = true))
    await Promise.resolve()
    expect(over, 'nothing waits').toBe(true)
    over = false
    add('a')
    add('b')
    await new Promise(setImmediate)
    void flushed().then(() => (over = true))
    expect(stores.map(({ names }) => names)).toEqual(['a'])
    stores[0]!.resolve()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(stores.map(({ names }) => names)).toEqual(['a', 'b'])
    expect(over).toBe(false)
    stores[1]!.resolve()
    await new Promise(setImmediate)
    expect(over).toBe(true)
  })

  test('several at once share what waits in parts that are not too small', async () => {
    const { add, stores } = slow({ rows: 9, atOnce: 2, share: 3 })
    for (const name of 'abcdef') add(name)
    await new Promise(setImmediate)
    expect(stores.map(({ names }) => names)).toEqual(['abc', 'def'])
  })

  test('a part that is too small waits for the one before it, but not for one that hangs', async () => {
    vi.useFakeTimers()
    const { add, stores } = slow({ rows: 9, atOnce: 2, share: 3 })
    const names = (): readonly string[] => stores.map((store) => store.names)
    for (const name of 'abcd') add(name)
    await vi.advanceTimersByTimeAsync(0)
    await vi.advanceTimersByTimeAsync(4)
    expect(names()).toEqual(['abc'])
    stores[0]!.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(names()).toEqual(['abc', 'd'])
    add('e')
    await vi.advanceTimersByTimeAsync(4)
    expect(names()).toEqual(['abc', 'd'])
    await vi.advanceTimersByTimeAsync(1)
    expect(names()).toEqual(['abc', 'd', 'e'])
  })

  test('if all failed, each hears it and none is tried alone', async () => {
    let tries = 0
    const { add, log, flushed } = make({
      store() {
        tries++
        throw new Error('no disk')
      },
      rejection: (error) => new Error(`rejected: ${(error as Error).message}`),
    })
    add('a')
    add('b')
    await flushed()
    expect([log, tries]).toEqual([['a: rejected: no disk', 'b: rejected: no disk'], 1])
  })

  test('if all that wait are late, nothing is stored', async () => {
    let tries = 0
    const { batch, add, log, flushed } = make({ store: () => void tries++ })
    add('a', { deadline: 0 })
    await flushed()
    expect([log, tries, batch.waiting()]).toEqual([['a: late'], 0, 0])
  })

  test.each<[readonly [number, number] | undefined, number[]]>([
    [undefined, [0, 1, 3, 7, 15, 23]],
    [
      [10, 25],
      [0, 10, 30, 55, 80, 105],
    ],
  ])(
    'waits of %j double up to the longest, and begin again after a success',
    async (waits, times) => {
      vi.useFakeTimers()
      let began = performance.now()
      let failures = 5
      const tries: number[] = []
      const { add, flushed } = make({
        ...(waits && { waits }),
        store() {
          tries.push(performance.now() - began)
          if (failures-- > 0) throw new Error('locked')
        },
        fault: () => 'again',
      })
      add('a')
      await vi.advanceTimersByTimeAsync(1000)
      await flushed()
      expect(tries).toEqual(times)
      began = performance.now()
      failures = 1
      add('b')
      await vi.advanceTimersByTimeAsync(1000)
      expect(tries.slice(times.length)).toEqual(times.slice(0, 2))
    },
  )

  test('batches that fail together wait together', async () => {
    vi.useFakeTimers()
    const { add, stores } = slow({
      rows: 1,
      atOnce: 2,
      waits: [10, 40],
      fault: () => 'again',
    })
    add('a')
    add('b')
    await vi.advanceTimersByTimeAsync(0)
    for (const { reject } of stores) reject(new Error('locked'))
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(10)
    expect(stores).toHaveLength(4)
    for (const { reject } of stores) reject(new Error('locked'))
    await vi.advanceTimersByTimeAsync(19)
    expect(stores).toHaveLength(4)
    await vi.advanceTimersByTimeAsync(1)
    expect(stores).toHaveLength(6)
  })

  test('a deadline that passes while it is stored is heard before the next try', async () => {
    vi.useFakeTimers()
    const { add, log, stores } = slow({ waits: [50, 50], fault: () => 'again' })
    add('a', { deadline: performance.now() + 5 })
    await vi.advanceTimersByTimeAsync(0)
    await vi.advanceTimersByTimeAsync(10)
    stores[0]!.reject(new Error('locked'))
    await vi.advanceTimersByTimeAsync(0)
    expect(log).toEqual(['a: late'])
  })

  test('closing ends a wait and a flush, and its error has the code of it', async () => {
    vi.useFakeTimers()
    const { add, batch, flushed } = make({
      store() {
        throw new Error('locked')
      },
      fault: () => 'again',
    })
    const failed = vi.fn<(error: Error) => void>()
    add('a', { failed })
    await vi.advanceTimersByTimeAsync(0)
    await vi.advanceTimersByTimeAsync(0)
    const flush = flushed()
    expect(vi.getTimerCount()).toBe(1)
    batch.close()
    await flush
    expect(vi.getTimerCount()).toBe(0)
    expect(failed).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'receiver_closed' }),
    )
  })

  test.each(['again', 'one'] as const)(
    'what fails after closing is not tried again (%s)',
    async (kind) => {
      const { add, batch, log, stores, flushed } = slow({ fault: () => kind })
      add('a')
      add('b')
      await new Promise(setImmediate)
      const flush = flushed()
      batch.close()
      stores[0]!.reject(new Error('locked'))
      await flush
      expect(log).toEqual(['a: locked', 'b: locked'])
      expect(stores).toHaveLength(1)
    },
  )
})

test('writes that are kept wait for the store, and hold up no other', async () => {
  vi.useFakeTimers()
  let down = true
  const log: string[] = []
  const { batch, add } = make({
    store(writes) {
      const names = writes.map(({ name }) => name).join('')
      if (down && names !== 'c') throw new Error('down')
      log.push(names)
    },
    fault: () => 'keep',
  })
  add('a')
  await vi.advanceTimersByTimeAsync(100)
  add('b')
  await vi.advanceTimersByTimeAsync(100)
  add('c')
  await vi.advanceTimersByTimeAsync(49)
  expect(log).toEqual(['c'])
  let flushed = false
  void batch.flushed().then(() => (flushed = true))
  await vi.advanceTimersByTimeAsync(10)
  // Both were tried again, and are kept.
  expect([log, flushed]).toEqual([['c'], false])
  down = false
  await vi.advanceTimersByTimeAsync(200)
  expect(log).toEqual(['c'])
  await vi.advanceTimersByTimeAsync(60)
  expect([log, flushed]).toEqual([['c', 'ab'], true])
})

test('writes that are kept fail when it closes', async () => {
  vi.useFakeTimers()
  const { add, log, close } = make({
    store: () => {
      throw new Error('down')
    },
    fault: () => 'keep',
  })
  add('a')
  await vi.advanceTimersByTimeAsync(100)
  expect(log).toEqual([])
  close()
  expect(log).toEqual(['a: receiver_closed'])
  await vi.advanceTimersByTimeAsync(1000)
  expect(log).toHaveLength(1)
})

test.each([false, true])(
  'changes of a run that fails are undone, in its order, later: %s',
  async (later) => {
    const log: string[] = []
    const run = (fails: boolean) =>
      undone<string>((undo) => {
        undo(() => log.push('first'))
        undo(() => log.push('second'))
        const end = (): string => {
          if (fails) throw new Error('no')
          return 'made'
        }
        return later ? Promise.resolve().then(end) : end()
      })
    expect(await run(false)).toBe('made')
    expect(log).toEqual([])
    await expect((async () => run(true))()).rejects.toThrow('no')
    expect(log).toEqual(['first', 'second'])
  },
)
