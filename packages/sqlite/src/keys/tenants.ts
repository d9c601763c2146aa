import { identityKey } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import type { RowCache } from '../store/writer.ts'

/** The tenants of each receiver, from which a search makes the keys of an event id. To be used in a transaction. */
export interface Tenants extends RowCache {
  add(receiver: number, tenant: string): void
}

// Tenants in memory, which save a statement for each event.
const MOST = 10_000

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

/** True if the key follows from the id and the tenant. For events without a tenant it makes no string. */
export function isKeyOf(key: string, tenant: string | undefined, id: string): boolean {
  if (tenant === undefined && key.length === id.length + 1 && !id.startsWith('sha256:'))
    return key.charCodeAt(0) === 58 && key.endsWith(id)
  return key === identityKey(tenant, ':', id)
}
