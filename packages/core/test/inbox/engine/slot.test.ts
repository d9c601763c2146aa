import { expect, test } from 'vitest'
import { claimedRoom } from '../../../src/basics/room.ts'
import { createSlots, startable, type Slot } from '../../../src/inbox/engine/run/slot.ts'
import type { Consumer, Lane } from '../../../src/inbox/engine/index.ts'

const laneOf = (name: string, more: Partial<Lane> = {}): Lane => ({
  name,
  previousNames: [],
  concurrency: 10,
  ordered: false,
  timeout: 1000,
  ...more,
})

interface State extends Partial<Slot<string>> {
  readonly limit?: number
  readonly remote?: boolean
}

/** The slot of a subscription whose events are light, and the slots that it is of. */
function slotOf({ limit, remote, claimed = 0, ...state }: State) {
  const lanes = [laneOf('a', { previousNames: ['old'] })]
  const slots = createSlots<string>(
    { lanes: () => lanes } as unknown as Consumer,
    { time: 20, most: 256, ...(remote && { remote }) },
    () => {},
  )
  const slot = slots.find('a')!
  slots.learn(slot, 1)
  slots.reserve(slot, claimed)
  if (limit !== undefined) slots.limit(limit)
  return { slots, lanes, slot: Object.assign(slot, { running: claimed, ...state }) }
}

test.each<[string, State, room: number, takes: boolean, hungry: boolean]>([
  ['as many as may run, before a handler has ended', {}, 10, false, true],
  ['fewer while some run', { claimed: 4 }, 6, false, true],
  ['none while all run', { claimed: 10 }, 0, false, false],
  ['what a limit leaves', { limit: 3 }, 3, false, true],
  ['what a limit leaves: nothing', { limit: 0, backlog: false }, 0, false, false],
  ['as many as end in 20 ms', { pace: 1 }, 200, false, true],
  ['at most 256 of the quickest', { pace: 0 }, 256, false, true],
  ['as many as may run of slow ones', { pace: 21 }, 10, false, true],
  ['only what may start at once', { pace: 1, lean: true }, 10, false, true],
  ['new ones, where none wait', { backlog: false }, 10, true, false],
  ['no new ones where there is no room', { backlog: false, claimed: 10 }, 0, false, false],
  ['half on a server', { pace: 1, remote: true }, 100, true, true],
  ['half on a server, of an odd number', { pace: 200 / 149.5, remote: true }, 75, true, true],
  [
    'new ones beside those that wait on a server',
    { pace: 1, remote: true, claimed: 149 },
    51,
    true,
    true,
  ],
  ['but for a quarter', { pace: 1, remote: true, claimed: 150 }, 50, false, true],
  ['no half of slow ones on a server', { pace: 21, remote: true }, 10, false, true],
  [
    'no half on a server where only what may start counts',
    { pace: 1, remote: true, lean: true },
    10,
    false,
    true,
  ],
  [
    'more on a server if half is empty',
    { pace: 1, remote: true, claimed: 100, queue: ['t'] },
    100,
    true,
    true,
  ],
  [
    'no more on a server until then',
    { pace: 1, remote: true, claimed: 101, queue: ['t'] },
    99,
    true,
    false,
  ],
  ['more here at once', { pace: 1, claimed: 101, queue: ['t'] }, 99, false, true],
])('a slot has room for %s', (_, state, room, takes, hungry) => {
  const { slots, slot } = slotOf(state)
  expect([slots.roomOf(slot), slots.takes(slot), slots.isHungry(slot)]).toEqual([
    room,
    takes,
    hungry,
  ])
})

test('what is reserved counts for all slots and for the limit, and what ended does not', () => {
  const { slots, lanes, slot } = slotOf({ limit: 8 })
  lanes.push(laneOf('b'))
  const other = slots.find('b')!
  slots.learn(other, 1)
  slots.reserve(other, 5)
  expect([slots.claimed(), slots.roomOf(slot), slots.roomOf(other)]).toEqual([5, 3, 3])
  slots.release(other)
  slots.reserve(other, -1)
  expect([slots.claimed(), slots.roomOf(slot), other.claimed, startable(other)]).toEqual([
    3, 4, 3, 7,
  ])
  expect([slots.find('a'), slots.find('old'), slots.find('c')]).toEqual([slot, slot, undefined])
  expect(slots.all()).toEqual([slot, other])
})

test('memory bounds what is claimed, by the heaviest event of late; an empty slot has one place', () => {
  const { slots, slot } = slotOf({ weight: 0 })
  const weights = [100, 0, 50, 500].map((weight) => (slots.learn(slot, weight), slot.weight))
  expect(weights).toEqual([100, 98, 97.04, 500])
  let looks = 0
  const { slots: watched, slot: one } = (() => {
    const lanes = [laneOf('a')]
    const made = createSlots<string>(
      { lanes: () => lanes } as unknown as Consumer,
      { time: 20, most: 256 },
      () => looks++,
    )
    return { slots: made, slot: made.find('a')! }
  })()
  watched.learn(one, 1000)
  const taken = claimedRoom.count(1) - 3500
  claimedRoom.take(taken)
  expect(watched.roomOf(one)).toBe(3)
  watched.reserve(one, 2)
  expect(watched.roomOf(one)).toBe(1)
  Object.assign(one, { running: 1, queue: ['t'] })
  expect(watched.roomOf(one)).toBe(3)
  claimedRoom.take(3000)
  expect([watched.roomOf(one), watched.takes(one), watched.isHungry(one)]).toEqual([
    0,
    false,
    false,
  ])
  expect(looks).toBe(0)
  Object.assign(one, { running: 0, queue: [], claimed: 0 })
  expect(watched.roomOf(one)).toBe(1)
  claimedRoom.give(taken + 3000)
  expect(looks).toBe(1)
})
