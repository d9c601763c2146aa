import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inbox, InboxView, Page, TaskInfo, TaskQuery } from '@postern/core/inbox'
import type { MaybePromise } from '@postern/core/internal'
import { inboxes, type InboxName } from '../../packages/cli/src/inboxes.ts'
import { mariadbServer, postgresServer, redisServer, type Program } from './programs.ts'

/** Store of an inbox: its file or URL. */
export interface Store {
  readonly store: string
  readonly stop: () => Promise<void>
}

/** How tests use a durable inbox, in addition to the CLI's row for the inbox. */
interface DurableRow {
  readonly title: string
  readonly programs: readonly Program[]
  /** Options for all tests. */
  readonly options: object
  /** Options that make the inbox poll often. */
  readonly prompt: object
  /** Returns options for a separate inbox in a shared store. */
  readonly own: (name: string) => object
  readonly start: () => Promise<Store>
  /** Returns a function that returns the size of the store in bytes. */
  readonly weigh: (store: string) => Promise<() => Promise<number>>
}

export type DurableName = Exclude<InboxName, 'memory'>

const LOG = 33 * 2 ** 20

/** Durable inboxes. Each row loads only its own package, because tests start many processes with this module. */
export const durables: Readonly<Record<DurableName, DurableRow>> = {
  sqlite: {
    title: 'SQLite',
    programs: [],
    options: { deadline: '30s' },
    prompt: { pollInterval: 20 },
    own: () => ({}),
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
      return {
        store: join(folder, 'inbox.db'),
        stop: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
    async weigh(store) {
      const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
      // SQLite checkpoints its log at 32 MiB, which may be before or after the measurement. So the log counts as at
      // least that size.
      return async () => size(store) + Math.max(LOG, size(`${store}-wal`))
    },
  },
  bullmq: {
    title: 'BullMQ',
    programs: [redisServer],
    options: { deadline: '30s' },
    prompt: {},
    own: (name) => ({ prefix: `{${name}}` }),
    async start() {
      const { startRedis } = await import('./redis.ts')
      return storeOf(await startRedis({ appendfsync: 'everysec' }))
    },
    async weigh(store) {
      const { Redis } = await import('ioredis')
      const client = new Redis(store)
      return async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
    },
  },
  postgres: {
    title: 'PostgreSQL',
    programs: [postgresServer],
    options: { deadline: '30s' },
    prompt: { pollInterval: 20 },
    own: (name) => ({ schema: name }),
    async start() {
      const { startPostgres } = await import('./postgres.ts')
      return storeOf(await startPostgres())
    },
    async weigh(store) {
      const { default: pg } = await import('pg')
      const pool = new pg.Pool({ connectionString: store, max: 1 })
      return async () => {
        const { rows } = await pool.query<{ size: string }>(
          'SELECT pg_database_size(current_database()) AS size',
        )
        return Number(rows[0]!.size)
      }
    },
  },
  mysql: {
    title: 'MariaDB',
    programs: [mariadbServer],
    options: { deadline: '30s' },
    prompt: { pollInterval: 20 },
    own: (name) => ({ database: name }),
    async start() {
      const { startMariadb } = await import('./mariadb.ts')
      return storeOf(await startMariadb())
    },
    async weigh(store) {
      const { createPool } = await import('mysql2/promise')
      const pool = createPool({ uri: store, connectionLimit: 1 })
      return async () => {
        const [rows] = await pool.query(
          "SELECT SUM(file_size) AS size FROM information_schema.innodb_sys_tablespaces WHERE name LIKE 'app/%'",
        )
        return Number((rows as unknown as readonly { readonly size: string }[])[0]!.size)
      }
    },
  },
}

export const durableNames: readonly DurableName[] = Object.keys(durables) as DurableName[]

/** Opens a durable inbox on its store, in this process. Loads only its package. */
export async function openDurable(
  name: DurableName,
  store: string,
  options: object = { lease: '30s' },
): Promise<Inbox> {
  const { package: from, factory, place } = inboxes[name]
  const module = (await import(from)) as Readonly<Record<string, (options: object) => Inbox>>
  return module[factory]!({ [place!.option]: store, ...durables[name].options, ...options })
}

/** Returns the tasks of all pages. */
export function allTasks(view: InboxView, query: TaskQuery = {}): Promise<readonly TaskInfo[]> {
  return allRows((page) => view.list({ limit: 1000, budget: 5000, ...query, ...page }))
}

/** Returns the rows of all pages. */
export async function allRows<Row>(
  read: (from: { readonly cursor?: string }) => MaybePromise<Page<Row>>,
): Promise<readonly Row[]> {
  const { rows, cursor } = await read({})
  const all = [...rows]
  for (let at = cursor; at !== undefined;) {
    const next = await read({ cursor: at })
    all.push(...next.rows)
    at = next.cursor
  }
  return all
}

function storeOf(service: { readonly url: string; readonly stop: () => Promise<void> }): Store {
  return { store: service.url, stop: () => service.stop() }
}
