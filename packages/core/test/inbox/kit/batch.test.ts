import { describe, expect, test } from 'vitest'
import { createBatch, type BatchOptions, type BatchWork } from '../../../src/inbox/index.ts'

interface Work extends BatchWork {
  readonly name: string
}

function make(options: Partial<BatchOptions<Work>> = {}) {
  const log: string[] = []
  const batch = createBatch<Work>({
    inbox: 'myInbox',
    rows: 3,
    bytes: 100,
    store: (works) => void log.push(works.map(({ name }) => name).join('')),
    fault: () => 'all',
    refusal: (error) => error as Error,
    late: () => new Error('late'),
    ...options,
  })
  const add = (name: string, more: Partial<Work> = {}): void =>
    batch.add({ name, bytes: 1, failed: (error) => log.push(`${name}: ${error.message}`), ...more })
  return {
    batch,
    add,
    log,
    now: (): void => batch.now(),
    close: (): void => batch.close(),
    flushed: (): Promise<void> => batch.flushed(),
  }
}

describe('batch', () => {
  test('what comes in one turn is stored together, within its bounds', async () => {
    const { add, log, flushed } = make()
    for (const name of 'abcde') add(name)
    add('f', { bytes: 100 })
    add('g')
    await flushed()
    expect(log).toEqual(['abc', 'def', 'g'])
  })

  test('a single work may go beyond the bounds', async () => {
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
      store(works) {
        log.push(works.map(({ name }) => name).join(''))
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

  test('one that cannot be stored does not keep out those it came with', async () => {
    const { add, log, flushed } = make({
      store(works) {
        if (works.some(({ name }) => name === 'b')) throw new Error('too odd')
        log.push(works.map(({ name }) => name).join(''))
      },
      fault: () => 'one',
    })
    for (const name of 'abc') add(name)
    await flushed()
    expect(log).toEqual(['a', 'b: too odd', 'c'])
  })

  test('an asynchronous store is split as well', async () => {
    const { add, log, flushed } = make({
      async store(works) {
        if (works.some(({ name }) => name === 'b')) throw new Error('too odd')
        log.push(works.map(({ name }) => name).join(''))
      },
      fault: () => 'one',
    })
    for (const name of 'abc') add(name)
    await flushed()
    expect(log).toEqual(['a', 'b: too odd', 'c'])
  })

  test('what is locked is tried again in order, and what comes meanwhile joins', async () => {
    let locked = 3
    const { add, log, flushed } = make({
      rows: 10,
      store(works) {
        if (locked-- > 0) throw new Error('locked')
        log.push(works.map(({ name }) => name).join(''))
      },
      fault: () => 'again',
    })
    add('a')
    await new Promise(setImmediate)
    add('b')
    await flushed()
    expect(log).toEqual(['ab'])
  })

  test('what is locked until its deadline is late, and alone', async () => {
    let tries = 0
    const { add, log, flushed } = make({
      store(works) {
        if (++tries < 3) throw new Error('locked')
        log.push(works.map(({ name }) => name).join(''))
      },
      fault: () => 'again',
    })
    add('a', { deadline: 0 })
    add('b')
    await flushed()
    expect(log).toEqual(['a: late', 'b'])
  })

  test('a batch has the earliest deadline of its works', async () => {
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

  test('now stores at once', () => {
    const { add, log, now } = make()
    add('a')
    now()
    expect(log).toEqual(['a'])
  })

  test('bytes that wait are counted, and closing fails them', async () => {
    const { batch, add, log, close, flushed } = make()
    add('a', { bytes: 5 })
    add('b', { bytes: 7 })
    expect(batch.waiting).toBe(12)
    close()
    add('c')
    await flushed()
    expect(batch.waiting).toBe(0)
    expect(log).toEqual(['a: myInbox was closed', 'b: myInbox was closed', 'c: myInbox was closed'])
  })
})
