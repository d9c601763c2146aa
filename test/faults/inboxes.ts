import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { startPostgres } from '../services/postgres.ts'
import { startRedis } from '../services/redis.ts'

/** The durable inboxes. */
export type DurableName = 'sqlite' | 'bullmq' | 'pg-boss'

/** Opens a durable inbox on its store, in this process. Its package alone is loaded: processes of these runs start often. */
export async function openDurable(
  name: DurableName,
  store: string,
  lease: Duration = '30s',
): Promise<Inbox> {
  if (name === 'sqlite')
    return (await import('@postern/sqlite')).sqliteInbox({ path: store, lease })
  if (name === 'bullmq') {
    const { bullmqInbox } = await import('@postern/bullmq')
    return bullmqInbox({ connection: store, deadline: '30s', lease })
  }
  const { pgBossInbox } = await import('@postern/pg-boss')
  return pgBossInbox({ connectionString: store, deadline: '30s', lease })
}

/** Starts what a durable inbox stands on: a folder, a Redis, a PostgreSQL. */
export async function startStore(
  name: DurableName,
): Promise<{ readonly store: string; readonly stop: () => Promise<void> }> {
  if (name !== 'sqlite') {
    const service = await (name === 'bullmq'
      ? startRedis({ appendfsync: 'everysec' })
      : startPostgres())
    return { store: service.url, stop: () => service.stop() }
  }
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
  return {
    store: join(folder, 'inbox.db'),
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
