import { describe, expect, test } from 'vitest'
import {
  detailOf,
  errorOf,
  infoOf,
  numberOf,
  placeOf,
  scanAll,
} from '../../../../src/inbox/engine/operate/search.ts'
import { NO_TASK, type FullRow, type Scan } from '../../../../src/inbox/engine/operate/store.ts'
import { DEAD, DONE, PENDING, RUNNING } from '../../../../src/inbox/engine/row.ts'

const ROW: FullRow = {
  ...NO_TASK,
  id: 5000,
  event: 5,
  provider: '',
  eventId: null,
  topic: 'ping',
  tenant: null,
  key: ':e1',
  received: 100,
  receiver: 'shop',
  erased: false,
  record: '{',
  head: '{',
  body: new Uint8Array([1]),
}

test.each<[string, Partial<FullRow>, object]>([
  ['pending', { state: PENDING, due: 7 }, { state: 'pending', due: 7, settledAt: undefined }],
  [
    'running',
    { state: RUNNING, due: 7 },
    { state: 'running', due: undefined, settledAt: undefined },
  ],
  ['done', { state: DONE, due: 7 }, { state: 'done', due: undefined, settledAt: 7 }],
  ['dead', { state: DEAD, due: 7 }, { state: 'dead', due: undefined, settledAt: 7 }],
  [
    'done, after a failure',
    { state: DONE, error: '{', cause: 'c' },
    { error: undefined, cause: undefined },
  ],
  [
    'failed',
    { state: DEAD, error: '{"name":"A","message":"b"}', cause: 'c' },
    { error: { name: 'A', message: 'b' }, cause: 'c' },
  ],
  ['failed without a cause', { state: DEAD, error: '{' }, { cause: undefined }],
  ['a part', { part: 'eu', provider: 'acme' }, { part: 'eu', provider: 'acme' }],
  ['no part', {}, { part: undefined, provider: undefined, duration: undefined }],
  ['a duration', { took: 1500 }, { duration: 1.5 }],
  [
    'an event',
    { eventId: 'e1', tenant: 't1' },
    { event: { id: 'e1', topic: 'ping', tenant: 't1', key: ':e1' }, subscription: '' },
  ],
])('a row shows what it is: %s', (_, row, info) => {
  expect(infoOf({ ...ROW, ...row }, undefined)).toMatchObject(info)
})

test('a task whose event cannot be read has what its columns say, and its bytes', () => {
  const row = { ...ROW, eventId: 'e1', tenant: 't1' }
  const read = (provider: string) => detailOf(row, infoOf({ ...row, provider }, undefined))
  expect(read('acme')).toMatchObject({
    id: '5000',
    record: { key: ':e1', id: 'e1', topic: 'ping', tenant: 't1', provider: 'acme', payload: null },
    delivery: { method: 'POST', url: '/', headers: [], body: row.body, receivedAt: 100 },
  })
  expect(read('').record.provider).toBe('')
})

test.each([
  '{',
  'null',
  '7',
  '{"name":"A"}',
  '{"message":"b"}',
  '{"name":1,"message":"b"}',
  '{"name":"A","message":2}',
])('an error stored as %s is shown as it is', (stored) => {
  expect(errorOf(stored)).toEqual({ name: 'UnreadableError', message: stored })
})

test('an error that cannot be read is cut', () => {
  expect(errorOf('x'.repeat(1001)).message).toHaveLength(1000)
})

test.each([
  ['1', 1],
  ['9007199254740991', 9_007_199_254_740_991],
  ['10000000000000000', -1],
  ['0', -1],
  ['01', -1],
  ['1x', -1],
  ['x1', -1],
  ['', -1],
])('the id %j is the number %i', (id, number) => {
  expect(numberOf(id)).toBe(number)
})

test.each([
  '',
  '1',
  '1.',
  '.1',
  '1.2.3',
  'a1.2',
  '1.2a',
  '--1.2',
  '12345678901234567.1',
  '1.12345678901234567',
])('a cursor %j is none', (cursor) => {
  expect(() => placeOf(cursor)).toThrow(
    new TypeError(`cursor: must be the cursor of a page, got ${cursor}`),
  )
})

test('a cursor is two numbers', () => {
  expect(placeOf('-12.34')).toEqual([-12, 34])
  expect(placeOf('0.-1')).toEqual([0, -1])
  expect(placeOf(undefined)).toBe(undefined)
})

describe('a step through all rows', () => {
  const all = [3, 1, 2, 4].map((at) => ({ at }))
  const step = (want: Partial<Scan>) => {
    const fits = (): boolean => true
    const { rows, to, searchedTo } = scanAll(
      all,
      { oldest: true, width: 10, limit: 10, full: false, fits, ...want } as Scan,
      ({ at }) => [at * 10, at],
      ({ at }, full) => ({ id: full ? -at : at }) as never,
    )
    return [rows.map(({ id }) => id), to, searchedTo]
  }
  const odd = { fits: ({ id }: { readonly id: number }) => id % 2 === 1 } as Partial<Scan>

  test.each<[string, Partial<Scan>, unknown[]]>([
    ['all, oldest first', {}, [[1, 2, 3, 4], undefined, 40]],
    ['all, newest first', { oldest: false }, [[4, 3, 2, 1], undefined, 10]],
    ['after a place', { after: [20, 2] }, [[3, 4], undefined, 40]],
    ['before a place', { after: [20, 2], oldest: false }, [[1], undefined, 10]],
    ['as many as are wanted', { limit: 2 }, [[1, 2], [20, 2], 20]],
    ['exactly as many', { limit: 4 }, [[1, 2, 3, 4], undefined, 40]],
    ['as many as are looked at', { width: 3 }, [[1, 2, 3], [30, 3], 30]],
    ['those that fit', odd, [[1, 3], undefined, 40]],
    ['those that fit, as many as are wanted', { ...odd, limit: 1 }, [[1], [10, 1], 10]],
    ['those that fit, of those that are looked at', { ...odd, width: 2 }, [[1], [20, 2], 20]],
    ['with their contents', { full: true, limit: 1 }, [[-1], [10, 1], 10]],
    ['none', { after: [40, 4] }, [[], undefined, undefined]],
  ])('%s', (_, want, found) => {
    expect(step(want)).toEqual(found)
  })
})
