import { identityKey } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import type { RowCache } from '../store/writer.ts'

/** Tenants that events of a receiver came with, so that the key of an event can be made of its id. Inside a transaction. */
export interface Tenants extends RowCache {
  add(receiver: number, tenant: string): void
}

// Remembered in memory, to spare a statement for each event.
const MOST = 10_000

/** Prepares the statements. */
export function createTenants(db: Database): Tenants {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO postern_event_tenants (receiver, tenant) VALUES (?, ?)',
  )
  const seen = new Set<string>()
  return {
    add(receiver, tenant) {
      const key = `${receiver} ${tenant}`
      if (seen.has(key)) return
      if (seen.size >= MOST) seen.clear()
      insert.run(receiver, tenant)
      seen.add(key)
    },
    store: () => {},
    stored: () => {},
    forget: () => seen.clear(),
  }
}

/** True if core made the key of the id and the tenant. Mostly it makes no string. */
export function isKeyOf(key: string, tenant: string | undefined, id: string): boolean {
  if (tenant === undefined && key.length === id.length + 1 && !id.startsWith('sha256:'))
    return key.charCodeAt(0) === 58 && key.endsWith(id)
  return key === identityKey(tenant, ':', id)
}
