import { expect, test } from 'vitest'
import { createUnread } from '../../../../src/inbox/engine/index.ts'
import { createRecords, readableArrival } from '../../../../src/inbox/engine/journal/records.ts'

test('a value that cannot be read is told of once, and its key shows no id', () => {
  const told: string[] = []
  const unread = createUnread('myInbox', (message) => void told.push(message))
  expect(unread.record('a/b:1', '{"c":1}')).toEqual({ value: { c: 1 } })
  for (const key of ['a/b:1', 'a/b:2', 'a/secret', 'a[secret', 'a/b:c?d:secret'])
    expect(unread.record(key, '{')).toBeUndefined()
  expect(told).toEqual(
    ['a/b:…', 'a/…', 'a[…'].map(
      (name) => `myInbox: the record ${name} cannot be read: it counts as absent`,
    ),
  )
})

test('at most a thousand values are told of', () => {
  let told = 0
  const unread = createUnread('myInbox', () => void told++)
  for (let at = 0; at < 1100; at++) unread.record(`a${at}/b`, '{')
  expect(told).toBe(1000)
})

test('a record that cannot be read is absent: it is not listed, and can be set', async () => {
  const rows = new Map([
    ['a:1', { value: '{', version: 4 }],
    ['a:2', { value: '2', version: 1 }],
  ])
  const records = createRecords(
    {
      get: (key) => rows.get(key),
      set(key, value, expected) {
        const { version } = rows.get(key) ?? { version: 0 }
        if (version === expected) rows.set(key, { value, version: version + 1 })
        return version === expected
      },
      delete: (key, expected) => rows.get(key)?.version === expected && rows.delete(key),
      list: () => [...rows].map(([key, row]) => ({ key, ...row })),
    },
    { read: (look) => look(), write: async (run) => run(), writeAll: async () => {} },
    createUnread('myInbox', () => {}),
  )
  expect(await records.list('a')).toEqual([{ key: 'a:2', value: 2, version: 1 }])
  expect([await records.get('a:1'), await records.get('a:3')]).toEqual([undefined, undefined])
  expect(await records.set('a:1', 'new', 3)).toBe(false)
  expect(await records.set('a:2', 'new', 0)).toBe(false)
  expect(await records.set('a:1', 'new', 0)).toBe(true)
  expect(await records.get('a:1')).toEqual({ value: 'new', version: 5 })
  expect(await records.set('a:3', null, 0)).toBe(true)
  expect(await records.delete('a:3', 2)).toBe(false)
  expect(await records.delete('a:3', 1)).toBe(true)
  await expect(records.set('a:4', undefined as never, 0)).rejects.toThrow(
    new TypeError('records: the value of a:4 must be a JSON value'),
  )
})

test.each([undefined, null, 7, {}, { receiver: 'shop' }, { at: 5 }, { receiver: 1, at: 5 }])(
  'a delivery stored as %j is shown as damaged',
  (stored) => {
    expect(readableArrival(stored, 'd1', 9)).toMatchObject({
      id: 'd1',
      at: 9,
      outcome: 'rejected',
      topics: [],
      reason: 'this delivery cannot be read: its row in the journal is damaged',
    })
    expect(readableArrival({ receiver: 'shop', at: 5 }, 'd1', 9)).toEqual({
      receiver: 'shop',
      at: 5,
    })
  },
)
