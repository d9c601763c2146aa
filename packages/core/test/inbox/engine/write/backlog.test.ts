import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBacklog, type BatchWork } from '../../../../src/inbox/engine/write/batch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Work extends BatchWork {
  readonly name: string
}

function make() {
  const heard: string[] = []
  const backlog = createBacklog<Work>({ rows: 4, bytes: 100, late: () => new Error('late') })
  const work = (name: string, more: Partial<Work> = {}): Work => ({
    name,
    bytes: 10,
    failed: ({ message }) => heard.push(`${name} ${message}`),
    ...more,
  })
  return {
    backlog,
    heard,
    push: (...works: Parameters<typeof work>[]) => {
      for (const one of works) backlog.push(work(...one))
    },
    take: (most = Infinity) =>
      backlog
        .take(most)
        .map(({ name }) => name)
        .join(''),
  }
}

test.each<[string, Partial<Work>, number, string[]]>([
  ['all that is there', {}, 3, ['abc', '']],
  ['no more rows than its bound', {}, 6, ['abcd', 'ef']],
  ['no more rows than its bound, of works with two', { rows: 2 }, 5, ['ab', 'cd', 'e']],
  ['what reaches the bytes as the last', { bytes: 50 }, 5, ['ab', 'cd', 'e']],
  ['one alone that is too large', { bytes: 200, rows: 9 }, 3, ['a', 'b', 'c']],
])('a batch takes %s', (_, more, count, batches) => {
  const { backlog, push, take } = make()
  for (const name of 'abcdef'.slice(0, count)) push([name, more])
  const { bytes } = { bytes: 10, ...more }
  let left = count
  for (const batch of batches) {
    expect([backlog.size(), backlog.waiting()]).toEqual([left, left * bytes])
    expect(take()).toBe(batch)
    left -= batch.length
  }
  expect([backlog.size(), backlog.waiting()]).toEqual([0, 0])
})

test('a batch takes no more works than it may', () => {
  const { push, take } = make()
  push(['a'], ['b'], ['c'])
  expect([take(0), take(2), take(2), take(2)]).toEqual(['', 'ab', 'c', ''])
})

test('what is put back comes first, in its order', () => {
  const { backlog, push, take } = make()
  push(['a'], ['b', { bytes: 20 }])
  const taken = backlog.take(2)
  push(['c'])
  backlog.putBack(taken)
  expect([backlog.size(), backlog.waiting()]).toEqual([3, 40])
  expect([take(), backlog.waiting()]).toEqual(['abc', 0])
})

test('works hear at their deadline that they are late, and the others stay', () => {
  const { backlog, heard, push, take } = make()
  const deadline = performance.now() + 5
  push(['a'], ['b', { deadline, bytes: 30 }], ['c', { deadline: deadline + 1 }])
  vi.advanceTimersByTime(4)
  backlog.expire()
  expect([heard, backlog.size()]).toEqual([[], 3])
  vi.advanceTimersByTime(1)
  backlog.expire()
  expect([heard, backlog.size(), backlog.waiting()]).toEqual([['b late'], 2, 20])
  vi.advanceTimersByTime(1)
  expect(take()).toBe('a')
  expect([heard, backlog.size(), backlog.waiting()]).toEqual([['b late', 'c late'], 0, 0])
})

test('failing all tells each with an error of its own, and what comes later waits', () => {
  const { backlog, heard, push, take } = make()
  push(['a'], ['b'])
  let count = 0
  backlog.fail(() => new Error(`no ${++count}`))
  expect([heard, backlog.size(), backlog.waiting()]).toEqual([['a no 1', 'b no 2'], 0, 0])
  push(['c'])
  expect([backlog.waiting(), take()]).toEqual([10, 'c'])
})
