import type { Migrated } from '@postern/core/engine'
import { connected, openClient } from './store/connection.ts'
import { joinKeys, layoutOf } from './store/schema.ts'
import { checkSettings, type BullmqInboxOptions } from './settings.ts'

/**
 * Brings the keys up to date, as an inbox does with its first delivery. With `force` it shuts out processes of older versions
 * though they seem to be active: for those that no longer run.
 *
 * @example
 * const { from, to } = await migrate({ connection: process.env.REDIS_URL!, force: true })
 */
export async function migrate({
  force = false,
  ...options
}: Pick<BullmqInboxOptions, 'connection' | 'prefix'> & {
  readonly force?: boolean
}): Promise<Migrated> {
  const { connection, prefix, deadline } = checkSettings(options)
  const client = openClient(connection, deadline)
  client.on('error', () => {})
  const joined = joinKeys(client, prefix, layoutOf(prefix), { changed: () => {} })
  try {
    await connected(client, deadline)
    return await joined.migrate(force)
  } finally {
    await joined.leave().catch(() => {})
    client.disconnect()
  }
}
