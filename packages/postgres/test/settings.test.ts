import { createReceiver } from '@postern/core'
import { acme } from '@postern/testing'
import { expect, test } from 'vitest'
import { postgresInbox, type PostgresInboxOptions } from '../src/index.ts'

const connectionString = 'postgres://127.0.0.1:1/none'

test.for<[string, PostgresInboxOptions]>([
  ['connectionString', {}],
  ['connectionString', { connectionString: 'localhost' }],
  [
    'connectionString',
    { connectionString, pool: { connect: () => Promise.reject(), end: () => Promise.resolve() } },
  ],
  ['schema', { connectionString, schema: 'Upper' }],
  ['schema', { connectionString, schema: 'a; DROP TABLE x' }],
  ['maxPending', { connectionString, maxPending: 0 }],
  ['maxConnections', { connectionString, maxConnections: 2 }],
  ['schema', { connectionString, schema: 'pg_x' }],
  ['dedupeWindow', { connectionString, dedupeWindow: 1000 as never }],
  ['keepDone', { connectionString, keepDone: 1000 as never }],
  ['keepDead', { connectionString, keepDead: 1000 as never }],
  ['prepare', { connectionString, prepare: 'no' as never }],
  ['maxPendingShare', { connectionString, maxPendingShare: 2 }],
  ['deadline', { connectionString, deadline: 0 }],
  ['pollInterval', { connectionString, pollInterval: -1 }],
])('a bad %s is a TypeError that names it', ([name, options]) => {
  expect(() => postgresInbox(options)).toThrow(TypeError)
  expect(() => postgresInbox(options)).toThrow(new RegExp(`postgresInbox: .*${name}`))
})

test('a dedupeWindow shorter than the sender delivers again is a TypeError', () => {
  const inbox = postgresInbox({ connectionString, dedupeWindow: '1s', keepDone: '1s' })
  const provider = { ...acme({ secret: 'a secret of these tests' }), retrySpan: 60_000 }
  expect(() => createReceiver({ provider, inbox, worker: false })).toThrow(
    /dedupeWindow is 1000 ms/,
  )
})
