import { expect, test } from 'vitest'
import { createUnread } from '../../../../src/inbox/engine/index.ts'

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
