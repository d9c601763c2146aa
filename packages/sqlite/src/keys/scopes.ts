import { createHash } from 'node:crypto'
import type { Database } from '../driver/driver.ts'
import type { RowCache } from '../store/kept.ts'

/** Scopes that events of a receiver came with, so that the key of an event can be made of its id. Inside a transaction. */
export interface Scopes extends RowCache {
  add(receiver: number, scope: string): void
}

// Remembered in memory, to spare a statement for each event.
const MOST = 10_000
// A longer id is hashed by core.
const LONGEST = 256

/** Prepares the statements. */
export function createScopes(db: Database): Scopes {
  const insert = db.prepare('INSERT OR IGNORE INTO postern_scopes (receiver, scope) VALUES (?, ?)')
  const seen = new Set<string>()
  return {
    add(receiver, scope) {
      const key = `${receiver} ${scope}`
      if (seen.has(key)) return
      if (seen.size >= MOST) seen.clear()
      insert.run(receiver, scope)
      seen.add(key)
    },
    store: () => {},
    stored: () => {},
    forget: () => seen.clear(),
  }
}

/** True if core made the key of the id and the scope. Without a scope it makes no string. */
export function isKeyOf(key: string, scope: string | undefined, id: string): boolean {
  if (scope === undefined && id.length <= LONGEST)
    return key.length === id.length + 1 && key.charCodeAt(0) === 58 && key.endsWith(id)
  return key === keyOf(scope, id)
}

/** The key that core gives to an event with an id: long ids are hashed, and the length keeps scope and id apart. */
export function keyOf(scope: string | undefined, id: string): string {
  const short = id.length > LONGEST ? `sha256:${createHash('sha256').update(id).digest('hex')}` : id
  return scope === undefined ? `:${short}` : `${scope.length}:${scope}:${short}`
}
