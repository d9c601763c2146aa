import { describe, expect, test } from 'vitest'
import type { Outcome, Ran } from '../../../src/inbox/engine/index.ts'
import { patchOf } from '../../../src/inbox/engine/patch.ts'
import {
  AGAIN,
  DEAD,
  DONE,
  GONE,
  LATER,
  PENDING,
  READY,
  RUNNING,
  SUSPECT,
  type HeadRow,
  type TaskRow,
} from '../../../src/inbox/engine/row.ts'
import * as rules from '../../../src/inbox/engine/rules.ts'

const ROW: TaskRow = {
  id: 65_537,
  lane: 1,
  state: RUNNING,
  gate: READY,
  behind: false,
  attempt: 2,
  token: 7,
  round: 3,
  cut: 0,
  charged: 0,
  line: null,
  fair: null,
  due: 1000,
  took: 500,
  error: null,
  fold: null,
}
const { gateOf } = rules

/** Adds the patch of the row, which stores get together with the rule's result. */
function patched<One extends ReturnType<typeof rules.givenBack>>(row: TaskRow, ruling: One) {
  return { ...ruling, patch: patchOf(row, ruling.change) }
}
const reported = (row: TaskRow, ...rest: [Outcome, Ran, number]) =>
  patched(row, rules.reported(row, ...rest))
const givenBack = (row: TaskRow) => patched(row, rules.givenBack(row))
const cut = (row: TaskRow, attempts: number | undefined, random?: () => number) =>
  patched(row, rules.cut(row, attempts, random))
const letGo = (row: TaskRow) => patched(row, rules.letGo(row))
const revived = (row: TaskRow, fence: 'failed' | 'settled' | 'waiting', wait?: number) =>
  patched(row, rules.revived(row, fence, wait))
const discarded = (row: TaskRow) => patched(row, rules.DELETED)
const unreadable = (row: TaskRow, message: string) =>
  patched(row, rules.unreadable(row.attempt, message))

const RAN = { startedAt: 5000, duration: 1.5 }
const ERROR = { name: 'Error', message: 'no order 17' }

describe('an outcome', () => {
  test('done settles in its round, whoever has claimed the task since, and clears what was', () => {
    const { fence, patch } = reported({ ...ROW, cut: 2 }, { kind: 'done' }, RAN, 6000)
    expect(fence).toBe('first')
    expect(patch).toMatchObject({
      state: DONE,
      round: 3,
      token: 7,
      took: 1500,
      cut: 0,
      error: null,
    })
    expect(patch.attempted).toBeUndefined()
  })

  test('dead and retry count only if nobody has claimed since', () => {
    const dead = reported(ROW, { kind: 'dead', error: ERROR }, RAN, 6000)
    expect(dead.fence).toBe('own')
    expect(dead.patch).toMatchObject({
      state: DEAD,
      error: JSON.stringify(ERROR),
      cut: 0,
      charged: 0,
    })
    const retry = reported(ROW, { kind: 'retry', at: 6999.5, error: ERROR }, RAN, 6000)
    expect(retry.fence).toBe('own')
    expect(retry.patch).toMatchObject({ state: PENDING, wait: 1000, attempt: 2, gate: LATER })
    expect(retry.patch.attempted).toMatchObject({ attempt: 2, outcome: 'retry', took: 1500 })
    expect(retry.patch.cause).toBe(dead.patch.cause)
  })

  test('a retry of a tenant waits for a turn, and one that was due before is due at once', () => {
    const { patch } = reported(
      { ...ROW, fair: 'a' },
      { kind: 'retry', at: 1, error: ERROR },
      RAN,
      6000,
    )
    expect(patch).toMatchObject({ gate: LATER, wait: 0 })
  })

  test('postponing uses no attempt and keeps the last error', () => {
    const { patch } = reported(ROW, { kind: 'postpone', at: 6500 }, RAN, 6000)
    expect(patch).toMatchObject({ state: PENDING, attempt: 1, wait: 500 })
    expect('error' in patch).toBe(false)
  })
})

test('what is given back is as it was claimed: due at once, with its interruptions', () => {
  const { fence, patch } = givenBack({ ...ROW, cut: 3, fair: 'a' })
  expect(fence).toBe('held')
  expect(patch).toEqual({
    id: 65_537,
    token: 7,
    round: 3,
    state: PENDING,
    wait: 0,
    attempt: 1,
    gate: SUSPECT,
  })
  expect(givenBack({ ...ROW, fair: 'a' }).patch.gate).toBe(READY)
})

describe('an ended lease', () => {
  test('uses no attempt, and leaves the token, so that a late outcome may still count', () => {
    const { fence, patch, count, charged, error } = cut(ROW, 4, () => 0)
    expect(fence).toBe('ended')
    expect(patch).toMatchObject({
      state: PENDING,
      open: true,
      attempt: 1,
      cut: 1,
      charged: 0,
      gate: AGAIN,
    })
    expect(patch.wait).toBe(125)
    expect(patch.attempted).toEqual({ attempt: 2, took: null, outcome: 'interrupted', error: null })
    expect([count, charged, error]).toEqual([1, 0, undefined])
  })

  test('waits double from 250 ms to 8 s, of which a random half', () => {
    const waits = (random: number) =>
      [0, 1, 2, 3, 4, 5, 6, 50].map((times) => {
        return cut({ ...ROW, cut: times }, 8, () => random).patch.wait
      })
    expect(waits(1)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000])
    expect(waits(0)).toEqual([125, 250, 500, 1000, 2000, 4000, 4000, 4000])
  })

  test('the third in a row makes a suspect, and further ones are strikes', () => {
    expect(cut({ ...ROW, cut: 1 }, 4).patch).toMatchObject({ gate: AGAIN, cut: 2, charged: 0 })
    expect(cut({ ...ROW, cut: 2 }, 4).patch).toMatchObject({ gate: SUSPECT, cut: 3, charged: 0 })
    expect(cut({ ...ROW, cut: 3 }, 4).patch).toMatchObject({ gate: SUSPECT, cut: 4, charged: 1 })
  })

  test.each([
    [undefined, 5],
    [1, 5],
    [8, 8],
  ])('with %s attempts of the policy a suspect is poison after %i strikes', (attempts, strikes) => {
    const before = { ...ROW, cut: 9, charged: strikes - 2 }
    expect(cut(before, attempts).error).toBeUndefined()
    const { patch, error } = cut({ ...before, charged: strikes - 1 }, attempts)
    expect(error).toMatchObject({
      name: 'poison',
      message: expect.stringContaining(`${strikes} times`),
    })
    expect(patch).toMatchObject({ state: DEAD, charged: 0, cut: 10, took: null })
  })

  test('of a task that another settled meanwhile, it changes nothing but the hold', () => {
    const { fence, patch } = letGo({ ...ROW, state: DONE })
    expect(fence).toBe('over')
    expect(patch).toEqual({ id: 65_537, token: 7, round: 3, state: DONE })
  })
})

describe('a revival', () => {
  test('of a settled task begins a new round at its first attempt, behind its line', () => {
    const { fence, patch } = revived({ ...ROW, state: DEAD, line: 9, error: '{}' }, 'failed')
    expect(fence).toBe('failed')
    expect(patch).toMatchObject({ anew: true, state: PENDING, attempt: 0, behind: true, wait: 0 })
    expect(patch.attempted).toEqual({
      attempt: 2,
      took: 500,
      outcome: 'dead',
      error: '{}',
      ended: 1000,
    })
    expect(revived({ ...ROW, state: DONE }, 'settled').patch.attempted).toMatchObject({
      outcome: 'done',
      error: null,
    })
  })

  test('of poison stays a suspect, without charges', () => {
    const row: TaskRow = { ...ROW, state: DEAD, cut: 8, charged: 0, took: null }
    const { patch } = revived(row, 'settled')
    expect(patch).toMatchObject({ gate: SUSPECT, charged: 0 })
    expect('cut' in patch).toBe(false)
    expect('attempted' in patch).toBe(false)
  })

  test('of a waiting task makes it due, and uses up nothing', () => {
    const { patch } = revived(
      { ...ROW, state: PENDING, fair: 'a', gate: LATER, behind: true },
      'waiting',
      40,
    )
    expect(patch).toMatchObject({ anew: true, state: PENDING, wait: 40, gate: LATER })
    expect('attempt' in patch || 'behind' in patch).toBe(false)
    expect(revived({ ...ROW, state: PENDING, fair: 'a' }, 'waiting').patch.gate).toBe(READY)
  })
})

test('a discarded task is gone, and one that cannot be read is dead with the reason', () => {
  expect(discarded(ROW)).toMatchObject({ fence: 'idle', patch: { state: GONE } })
  const { fence, patch, error } = unreadable(ROW, 'task 1 cannot be read: no event')
  expect(fence).toBe('own')
  expect(error.name).toBe('UnreadableTask')
  expect(patch).toMatchObject({ state: DEAD, error: JSON.stringify(error) })
})

test('the gate of a task: suspects, then interrupted ones, then turns', () => {
  expect(gateOf({ cut: 3, fair: 'a' })).toBe(SUSPECT)
  expect(gateOf({ cut: 1, fair: 'a' })).toBe(AGAIN)
  expect(gateOf({ cut: 0, fair: 'a' })).toBe(LATER)
  expect(gateOf({ cut: 0, fair: null })).toBe(READY)
})

test.each<[string, Partial<HeadRow>[], { id: number; behind: boolean }[]]>([
  ['the oldest goes first', [{ seq: 2 }, { seq: 1 }], [{ id: 1, behind: true }]],
  ['one that ran before is ahead of older ones', [{}, { attempt: 1 }], [{ id: 1, behind: true }]],
  ['one that was interrupted is too', [{}, { cut: 1 }], [{ id: 1, behind: true }]],
  ['one that is behind is not', [{}, { attempt: 1, behind: true }], []],
  [
    'one that runs is ahead of all',
    [{ attempt: 1 }, { state: RUNNING }],
    [{ id: 1, behind: true }],
  ],
  [
    'and one that is held',
    [{ attempt: 1 }, { state: DONE, held: true }],
    [{ id: 1, behind: true }],
  ],
  ['one that may go now is told so', [{ behind: true }], [{ id: 1, behind: false }]],
  ['lines and roots are apart', [{}, { line: 2 }, { root: 5 }], []],
])('of a line, %s', (_, heads, changes) => {
  const rows = heads.map((head, at) => ({
    ...ROW,
    id: at + 1,
    seq: at + 1,
    state: PENDING,
    attempt: 0,
    line: 1,
    root: 1,
    held: false,
    ...head,
  }))
  expect(rules.lineUp(rows as HeadRow[])).toEqual(changes)
})
