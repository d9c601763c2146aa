import { identityKey } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import type { RowCache } from '../store/writer.ts'

/**
 * The tenants of a file. A search by event id needs them, since a key is made of a tenant and an event id. Call `add`
 * in a transaction.
 */
export interface Tenants extends RowCache {
  add(receiver: number, tenant: string): void
}

// Maximum number of tenants in memory. A tenant in memory needs no statement for its next event.
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

/** Returns true if the key is the usual key for this tenant and id. Without a tenant, builds no string. */
export function isKeyOf(key: string, tenant: string | undefined, id: string): boolean {
  if (tenant === undefined && key.length === id.length + 1 && !id.startsWith('sha256:'))
    return key.charCodeAt(0) === 58 && key.endsWith(id)
  return key === identityKey(tenant, ':', id)
}
