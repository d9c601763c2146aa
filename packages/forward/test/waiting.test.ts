import { UnrecoverableError } from '@postern/core'
import { expect, test } from 'vitest'
import { createWaiting } from '../src/pace/waiting.ts'

test('bounds the tasks of each destination by itself', () => {
  const waiting = createWaiting({ maxWaiting: 2, giveUp: 1000 })
  waiting.add('a', '1', 0, true)
  waiting.add('a', '2', 0, true)
  expect(() => waiting.add('a', '3', 0, true)).toThrow(UnrecoverableError)
  expect(() => waiting.add('a', '3', 0, true)).toThrow(/maxWaiting/)
  waiting.add('b', '3', 0, true)
  waiting.delete('a', '1')
  waiting.add('a', '3', 0, true)
})

test('gives up a task that waited longer than the retry policy tries, if its destination is left alone', () => {
  const waiting = createWaiting({ maxWaiting: 2, giveUp: 1000 })
  waiting.add('a', '1', 0, true)
  waiting.add('a', '1', 1000, true)
  waiting.add('a', '1', 5000, false)
  expect(() => waiting.add('a', '1', 1001, true)).toThrow(/longer than the retry policy/)
})
