import { expect, test } from 'vitest'
import { createQueue } from '../../../src/inbox/memory/run/queue.ts'

test('items come out in the order they went in, and an empty queue stays empty', () => {
  const queue = createQueue<string>()
  expect([queue.shift(), queue.size]).toEqual([undefined, 0])
  queue.push('a')
  queue.push('b')
  expect([queue.size, queue.shift(), queue.shift(), queue.shift()]).toEqual([
    2,
    'a',
    'b',
    undefined,
  ])
  queue.push('c')
  expect([queue.size, queue.shift()]).toEqual([1, 'c'])
})

test('a long queue keeps its order and its size while items come and go', () => {
  const queue = createQueue<number>()
  for (let at = 0; at < 3000; at++) queue.push(at)
  const taken: (number | undefined)[] = []
  for (let at = 0; at < 3000; at++) {
    taken.push(queue.shift())
    queue.push(3000 + at)
    expect(queue.size).toBe(3000)
  }
  for (let at = 0; at < 3000; at++) taken.push(queue.shift())
  expect(taken).toEqual(Array.from({ length: 6000 }, (_, at) => at))
  expect([queue.shift(), queue.size]).toEqual([undefined, 0])
})

test.each([
  ['the first', 'a', ['b', 'c']],
  ['one between', 'b', ['a', 'c']],
  ['the last', 'c', ['a', 'b']],
  ['one that has left', 'gone', ['a', 'b', 'c']],
  ['one that never came', 'x', ['a', 'b', 'c']],
])('%s can be taken out', (_, item, left) => {
  const queue = createQueue<string>()
  for (const one of ['gone', 'a', 'b', 'c']) queue.push(one)
  queue.shift()
  queue.remove(item)
  expect(queue.size).toBe(left.length)
  expect(left.map(() => queue.shift())).toEqual(left)
})

test('the only item, of which nothing was taken yet, can be taken out', () => {
  const queue = createQueue<string>()
  queue.push('a')
  queue.remove('a')
  expect([queue.size, queue.shift()]).toEqual([0, undefined])
})
