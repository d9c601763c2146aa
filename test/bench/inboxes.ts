import { randomBytes } from 'node:crypto'
import type { Inbox } from '@postern/core/inbox'
import { temporarySqlite } from './subjects/postern.ts'

/** Makes an inbox on the service it stands on, empty. */
type MakeInbox = () => Promise<Inbox>

/** The durable inboxes whose services are there; `env` is that of the services. */
export function durableInboxes(
  env: Readonly<Record<string, string>>,
): ReadonlyMap<string, MakeInbox> {
  const redis = env['BENCH_REDIS']
  const postgres = env['BENCH_POSTGRES']
  const inboxes = new Map<string, MakeInbox>([['SQLite', async () => temporarySqlite()]])
  if (redis !== undefined)
    inboxes.set('BullMQ', async () => {
      const { bullmqInbox } = await import('@postern/bullmq')
      return bullmqInbox({ connection: redis, prefix: `{${unique()}}` })
    })
  if (postgres !== undefined)
    inboxes.set('pg-boss', async () => {
      const { pgBossInbox } = await import('@postern/pg-boss')
      return pgBossInbox({ connectionString: postgres, schema: unique() })
    })
  return inboxes
}

/** A name for what must be empty. */
export function unique(): string {
  return `bench_${randomBytes(4).toString('hex')}`
}
