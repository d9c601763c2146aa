import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface HandEvent {
  readonly id: string
  readonly timestamp?: string | undefined
}

export interface HandStore {
  /** Stores an event. Returns false if it is known. */
  take(event: HandEvent): boolean
  isKnown(id: string): boolean
  effect(id: string): void
  /** Marks an event as done. Returns false if it already was. */
  finish(id: string): boolean
  pending(): readonly HandEvent[]
  transaction(write: () => void): void
}

const FILE = 'shop.db'

export function openStore(folder: string): HandStore {
  const db = new DatabaseSync(join(folder, FILE))
  db.exec(`PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, body TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL)`)
  const insert = db.prepare('INSERT INTO events (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const find = db.prepare('SELECT 1 FROM events WHERE id = ?')
  const add = db.prepare('INSERT INTO effects (id) VALUES (?)')
  const finish = db.prepare('UPDATE events SET done = 1 WHERE id = ? AND done = 0')
  const pending = db.prepare('SELECT body FROM events WHERE done = 0')
  return {
    take: (event) => insert.run(event.id, JSON.stringify(event)).changes === 1,
    isKnown: (id) => find.get(id) !== undefined,
    effect: (id) => void add.run(id),
    finish: (id) => finish.run(id).changes === 1,
    pending: () => pending.all().map(({ body }) => JSON.parse(body as string) as HandEvent),
    transaction(write) {
      db.exec('BEGIN IMMEDIATE')
      try {
        write()
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
  }
}
