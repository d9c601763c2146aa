import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createReceiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, signed } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { bullmqInbox } from '../../bullmq/src/index.ts'
import { mysqlInbox } from '../../mysql/src/index.ts'
import { postgresInbox } from '../../postgres/src/index.ts'
import { startMariadb } from '../../../test/services/mariadb.ts'
import { needs } from '../../../test/services/needs.ts'
import { startPostgres } from '../../../test/services/postgres.ts'
import { mariadbServer, postgresServer, redisServer } from '../../../test/services/programs.ts'
import { startRedis } from '../../../test/services/redis.ts'
import { line, postern, start } from './run.ts'

const provider = github({ secret: 'a secret of GitHub' })

/** The used parts of `ioredis`, `mysql2` and `pg`, which are dependencies of the inboxes' packages. */
interface RedisClient {
  acl(...words: string[]): Promise<unknown>
  keys(pattern: string): Promise<string[]>
  dump(key: string): Promise<string | null>
  disconnect(): void
}
interface MysqlPool {
  query(text: string): Promise<readonly [readonly Readonly<Record<string, string>>[], unknown]>
  end(): Promise<void>
}
interface Pool {
  on(event: 'error', heard: () => void): void
  query(text: string): Promise<{ readonly rows: readonly Readonly<Record<string, string>>[] }>
  end(): Promise<void>
}

/** A store for an inbox, and the options with which commands reach it. */
interface Place {
  readonly open: (options?: { readonly readOnly: true }) => Inbox
  /** Options of the owner, who may read and write. */
  readonly owner: readonly string[]
  /** Options of a user who may only read. */
  readonly reader?: readonly string[]
  readonly cwd: string
  /** Returns all stored data. */
  readonly dump: () => Promise<string>
  /** Lets `reader` read what the app has made. */
  readonly allow?: () => Promise<unknown>
}

/**
 * Runs every reading command before and after there is an inbox. Stored data must not change until the owner replays.
 */
async function check({ open, owner, reader, cwd, dump, allow }: Place): Promise<void> {
  const flags = reader ?? owner
  const run = async (...args: string[]) => postern([...args, ...flags], { cwd })
  const empty = await dump()
  const none = await run('inbox', 'list')
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('holds no inbox')])
  expect(await dump()).toBe(empty)

  const inbox = open()
  const receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, () => {
    throw new Error('no mail today')
  })
  await deliver(receiver, signed(provider, 'push', { ref: 'main' }, { id: 'e1' }))
  await deliver(receiver, signed(provider, 'push', {}, { secret: 'another secret' }))
  await expect.poll(async () => (await inbox.view!.list({ state: 'dead' })).rows).toHaveLength(1)
  const [task] = (await inbox.view!.list({})).rows
  await receiver.close()
  await inbox.close()
  await allow?.()
  const before = await dump()
  expect(before).not.toBe(empty)

  const looks: readonly (readonly [args: string, out: RegExp])[] = [
    ['list --text main', /no mail today/],
    [`show ${task!.id}`, /no mail today/],
    ['causes', /\n +1 +0 +\S+ +mail .* no mail today\n/],
    ['stats', /mail/],
    ['deliveries', /signature_mismatch/],
    ['actions', /^$/],
    ['replay --state dead --dry-run --json', /^\{"count":1,"dryRun":true\}\n$/],
    ['delete --state dead --dry-run', /^Delete 1 task\./],
  ]
  for (const [look, says] of looks) {
    const { code, out, err } = await run('inbox', ...look.split(' '))
    const problems = err.replace('no task was changed by a person\n', '')
    expect([look, code, out, problems]).toEqual([look, 0, expect.stringMatching(says), ''])
  }
  expect(await dump()).toBe(before)

  const page = start(['inspect', '--port', '0', ...flags], { cwd })
  try {
    const [url, key] = (await line(page, 'stdout', /^http:/)).split('#key=')
    const headers = { authorization: `Bearer ${key}` }
    const status = await (await fetch(`${url}~/api/status`, { headers })).json()
    expect(status).toMatchObject({ visitor: { actions: [] } })
    const rows = await fetch(`${url}~/api/list?q=state:dead`, { headers })
    expect(await rows.text()).toContain('no mail today')
    const replay = await fetch(`${url}~/api/replay`, {
      method: 'POST',
      headers: { ...headers, 'x-postern-action': '1', origin: new URL(url!).origin },
      body: JSON.stringify({ filter: { state: 'dead' } }),
    })
    expect(replay.status).toBe(403)
  } finally {
    const ended = new Promise((resolve) => page.once('exit', resolve))
    page.kill('SIGINT')
    await ended
  }
  expect(await dump()).toBe(before)
  const watching = start(['inbox', 'watch', ...flags], { cwd })
  const ended = new Promise((resolve) => watching.once('exit', resolve))
  expect(await line(watching, 'stdout', /mail/)).toContain('dead')
  watching.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(await dump()).toBe(before)
  const looking = open({ readOnly: true })
  expect(() => createReceiver({ provider, inbox: looking, log: false })).toThrow(
    'readOnly must be false for a receiver',
  )
  await expect(looking.view!.replay({ state: 'dead' })).rejects.toThrow(
    'readOnly must be false for a change',
  )
  await looking.close()
  expect(await dump()).toBe(before)
  const dead = ['--state', 'dead']
  if (reader) {
    expect((await run('inbox', 'replay', ...dead, '--yes')).code).not.toBe(0)
    expect(await dump()).toBe(before)
  }
  const own = async (...args: string[]) => postern(['inbox', ...args, ...owner], { cwd })
  expect((await own('replay', ...dead, '--yes', '--json')).out).toBe('{"count":1}\n')
  expect((await own('list', ...dead)).err).toContain('no task matches')
}

describe('looking never writes', () => {
  test('to a file of SQLite', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'postern-look-'))
    const file = join(cwd, 'webhooks.db')
    try {
      await writeFile(file, '')
      await check({
        cwd,
        open: (options) => sqliteInbox({ path: file, ...options }),
        owner: ['--sqlite', file],
        dump: async () =>
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
      })
    } finally {
      await rm(cwd, { recursive: true })
    }
  })

  needs(postgresServer).test('to PostgreSQL, with a role that may only SELECT', async () => {
    const cwd = fileURLToPath(new URL('../../postgres', import.meta.url))
    const { Pool: PoolOf } = createRequire(join(cwd, 'package.json'))('pg') as {
      Pool: new (options: object) => Pool
    }
    const postgres = await startPostgres()
    const pool = new PoolOf({ connectionString: postgres.url })
    pool.on('error', () => undefined)
    try {
      await pool.query('CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA public TO looker')
      const looker = new URL(postgres.url)
      looker.username = 'looker'
      await check({
        cwd,
        open: (options) => postgresInbox({ connectionString: postgres.url, ...options }),
        owner: ['--postgres', postgres.url],
        reader: ['--postgres', looker.href],
        allow: async () => pool.query('GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker'),
        async dump() {
          const { rows } = await pool.query(
            "SELECT schema_to_xml('public', true, false, '')::text AS xml",
          )
          return rows[0]!['xml']!
        },
      })
    } finally {
      await pool.end()
      await postgres.stop()
    }
  })

  needs(mariadbServer).test('to MariaDB, with a user who may only SELECT', async () => {
    const cwd = fileURLToPath(new URL('../../mysql', import.meta.url))
    const { createPool } = createRequire(join(cwd, 'package.json'))('mysql2/promise') as {
      createPool: (url: string) => MysqlPool
    }
    const mariadb = await startMariadb()
    const pool = createPool(mariadb.url)
    const rows = async (text: string) => (await pool.query(text))[0]
    try {
      await pool.query("CREATE USER looker@'%'")
      await pool.query('GRANT SELECT ON app.* TO looker')
      const looker = new URL(mariadb.url)
      looker.username = 'looker'
      await check({
        cwd,
        open: (options) => mysqlInbox({ connectionString: mariadb.url, ...options }),
        owner: ['--mysql', mariadb.url],
        reader: ['--mysql', looker.href],
        async dump() {
          const all: unknown[] = []
          for (const table of await rows('SHOW TABLES'))
            all.push(table, await rows(`SELECT * FROM ${Object.values(table)[0]}`))
          return JSON.stringify(all)
        },
      })
    } finally {
      await pool.end()
      await mariadb.stop()
    }
  })

  needs(redisServer).test('to Redis, with a user that may only read', async () => {
    const cwd = fileURLToPath(new URL('../../bullmq', import.meta.url))
    const { Redis } = createRequire(join(cwd, 'package.json'))('ioredis') as {
      Redis: new (url: string) => RedisClient
    }
    const redis = await startRedis()
    const client = new Redis(redis.url)
    try {
      const may = ['+@read', '+@connection', '+@scripting', '+info', '+time', '+config|get']
      await client.acl('SETUSER', 'looker', 'on', 'nopass', '~*', '&*', ...may)
      const looker = new URL(redis.url)
      looker.username = 'looker'
      looker.password = 'any'
      await check({
        cwd,
        open: (options) => bullmqInbox({ connection: redis.url, ...options }),
        owner: ['--redis', redis.url],
        reader: ['--redis', looker.href],
        async dump() {
          const keys = (await client.keys('*')).toSorted()
          const all = await Promise.all(keys.map(async (key) => [key, await client.dump(key)]))
          return JSON.stringify(all)
        },
      })
    } finally {
      client.disconnect()
      await redis.stop()
    }
  })
})

test('an engine that does not answer ends with 3, and a missing package is said', async () => {
  const cwd = fileURLToPath(new URL('../../bullmq', import.meta.url))
  const { code } = await postern(['inbox', 'list', '--redis', 'redis://127.0.0.1:9'], { cwd })
  expect(code).toBe(3)
  const missing = await postern(['inbox', 'list', '--postgres', 'postgres://127.0.0.1:9/x'], {
    cwd,
  })
  const says = expect.stringContaining('@postern/postgres is not installed')
  expect([missing.code, missing.err]).toEqual([2, says])
})
