import { statSync } from 'node:fs'
import { memoryInbox, type Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'

/** The inboxes under load. */
export type SoakedInbox = 'memory' | 'sqlite' | 'bullmq' | 'pg-boss'

/** An inbox that forgets soon, and how to weigh its store. */
export interface OpenInbox {
  readonly inbox: Inbox
  /** Bytes of its file, of Redis' memory, or of the database; 0 in memory. */
  readonly storeBytes: () => Promise<number>
}

const LOG = 33 * 2 ** 20

/** Opens an inbox that keeps ids and settled tasks for so long. */
export async function openInbox(
  name: SoakedInbox,
  store: string,
  keep: string,
): Promise<OpenInbox> {
  const times = { window: keep, keepDone: keep, keepDead: keep } as {
    window: `${number}s`
    keepDone: `${number}s`
    keepDead: `${number}s`
  }
  switch (name) {
    case 'memory':
      return {
        inbox: memoryInbox({
          max: 2000,
          window: keep as Duration,
          maxDead: 20,
          maxDeliveries: 1000,
        }),
        storeBytes: async () => 0,
      }
    case 'sqlite': {
      const { sqliteInbox } = await import('@postern/sqlite')
      const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
      return {
        inbox: sqliteInbox({ path: store, ...times }),
        // The log is written back after 32 MiB, however long that takes.
        storeBytes: async () => size(store) + Math.max(LOG, size(`${store}-wal`)),
      }
    }
    case 'bullmq': {
      const { bullmqInbox } = await import('@postern/bullmq')
      const { Redis } = await import('ioredis')
      const client = new Redis(store)
      return {
        inbox: bullmqInbox({ connection: store, deadline: '30s', ...times }),
        storeBytes: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
      }
    }
    case 'pg-boss': {
      const { pgBossInbox } = await import('@postern/pg-boss')
      const { default: pg } = await import('pg')
      const pool = new pg.Pool({ connectionString: store, max: 1 })
      return {
        inbox: pgBossInbox({ connectionString: store, deadline: '30s', ...times }),
        async storeBytes() {
          const { rows } = await pool.query<{ size: string }>(
            'SELECT pg_database_size(current_database()) AS size',
          )
          return Number(rows[0]!.size)
        },
      }
    }
  }
}
