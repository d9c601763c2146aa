import { expect, test } from 'vitest'
import { FENCES, passes, type Fence } from '../../../src/inbox/engine/index.ts'

const STATES = [0, 1, 2, 3] as const
const names = Object.keys(FENCES) as Fence[]

/** Returns the task states in which a fence lets a write pass, under these conditions. */
function through(
  fence: Fence,
  world: {
    token?: boolean
    over?: boolean
    whole?: boolean
    failed?: boolean
    due?: boolean
    event?: boolean
  },
) {
  const {
    token = true,
    over = true,
    whole = true,
    failed = true,
    due = false,
    event = true,
  } = world
  const is = {
    due: () => due,
    over: () => over,
    whole: () => whole,
    event: () => ({ receiver: 'shop', key: event ? '1' : '2' }),
  }
  return STATES.filter((state) =>
    passes(
      fence,
      { token: 7, event: { receiver: 'shop', key: '1' } },
      { state, token: token ? 7 : 8, error: failed ? '{}' : null },
      is,
    ),
  )
}

test('each fence lets its states through if all that it asks is true', () => {
  expect(Object.fromEntries(names.map((fence) => [fence, through(fence, {})]))).toEqual({
    first: [0, 1],
    own: [0, 1],
    held: [1],
    ended: [1],
    failed: [0, 3],
    settled: [2, 3],
    waiting: [0],
    idle: [0, 3],
    past: [2, 3],
    over: [2, 3],
  })
})

test.each([
  ['another token', { token: false }, ['own', 'held', 'ended', 'over']],
  ['another event', { event: false }, ['first']],
  ['a lease that holds', { over: false }, ['ended', 'over']],
  ['an erased event', { whole: false }, ['failed', 'settled', 'waiting']],
])('%s stops those that ask for it, and no other', (_, world, stopped) => {
  expect(names.filter((fence) => through(fence, world).length === 0)).toEqual(stopped)
})

test('a pending task has failed only with an error, and while it is not due', () => {
  expect(through('failed', { failed: false })).toEqual([3])
  expect(through('failed', { due: true })).toEqual([3])
})
