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
  ['maxConnections', { connectionString, maxConnections: 2 }],
  ['schema', { connectionString, schema: 'pg_x' }],
  ['prepare', { connectionString, prepare: 'no' as never }],
])('a bad %s is a TypeError that names it', ([name, options]) => {
  expect(() => postgresInbox(options)).toThrow(TypeError)
  expect(() => postgresInbox(options)).toThrow(new RegExp(`postgresInbox: .*${name}`))
})
