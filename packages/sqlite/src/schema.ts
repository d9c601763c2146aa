import type { DatabaseSync } from 'node:sqlite'

// Versions of the schema, each the statements that lead to it from the one before. An entry that was released is never
// changed again. The tables carry a prefix and a version of their own, not PRAGMA user_version, since the app's tables
// may live in the same file (`task.commit`) and their migrations own that number.
//
// tasks.state is 0 pending, 1 running, 2 done, 3 dead. tasks.due is when a pending task may run, when the lease of a
// running one ends, and when a settled one settled, in milliseconds since 1970. tasks.token fences: only who claimed
// last knows it. tasks.blocked is 1 while another open task of the same order key goes first; ready tasks are then one
// index range, where a NOT EXISTS over the key costs ten times as much. postern_numbers.next is the number of the next
// event; the keys of events up to postern_numbers.indexed are in postern_keys. An event that came alone has its delivery
// in its own row (head and body); those that came together share a row of postern_deliveries. No foreign keys: nothing but this package
// writes these tables, and the look-ups cost as much as the inserts.
const VERSIONS: readonly string[] = [
  `
  CREATE TABLE postern_receivers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE postern_lanes (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, name TEXT NOT NULL,
    pending INTEGER NOT NULL DEFAULT 0, running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0,
    UNIQUE (receiver, name)
  ) STRICT;
  CREATE TABLE postern_deliveries (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE postern_events (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, key TEXT NOT NULL, received INTEGER NOT NULL,
    topic TEXT NOT NULL, event_id TEXT, scope TEXT, delivery INTEGER, record TEXT NOT NULL, head TEXT, body BLOB
  ) STRICT;
  CREATE INDEX postern_events_delivery ON postern_events (delivery) WHERE delivery IS NOT NULL;
  CREATE TABLE postern_keys (
    hash INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (hash, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_numbers (next INTEGER NOT NULL, indexed INTEGER NOT NULL, seed INTEGER NOT NULL) STRICT;
  INSERT INTO postern_numbers VALUES (1, 0, random() & 4294967295);
  CREATE TABLE postern_tasks (
    id INTEGER PRIMARY KEY, event INTEGER NOT NULL, lane INTEGER NOT NULL, part TEXT NOT NULL DEFAULT '',
    state INTEGER NOT NULL, due INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0, blocked INTEGER NOT NULL DEFAULT 0,
    order_key TEXT, data TEXT, error TEXT,
    UNIQUE (event, lane, part)
  ) STRICT;
  CREATE INDEX postern_tasks_ready ON postern_tasks (lane, due) WHERE state = 0 AND blocked = 0;
  CREATE INDEX postern_tasks_leases ON postern_tasks (due) WHERE state = 1;
  CREATE INDEX postern_tasks_keys ON postern_tasks (lane, order_key) WHERE order_key IS NOT NULL AND state < 2;
  CREATE INDEX postern_tasks_dead ON postern_tasks (lane) WHERE state = 3;
  CREATE TABLE postern_records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
]

/** Makes the tables, or brings those of an older version up to date. Throws a `TypeError` where a newer one wrote them. */
export function migrate(db: DatabaseSync, path: string): void {
  if (versionOf(db, path) === VERSIONS.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Asked again: another process may have migrated while this one waited for the lock.
    const found = versionOf(db, path)
    if (found === 0)
      db.exec(
        'CREATE TABLE postern_schema (version INTEGER NOT NULL) STRICT; INSERT INTO postern_schema VALUES (0)',
      )
    for (const statements of VERSIONS.slice(found)) db.exec(statements)
    db.prepare('UPDATE postern_schema SET version = ?').run(VERSIONS.length)
    db.exec('COMMIT')
  } catch (error) {
    rollback(db)
    throw error
  }
}

/** Ends a transaction without its writes. Some errors (a full disk) have ended it already. */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK')
  } catch {}
}

function versionOf(db: DatabaseSync, path: string): number {
  const tables = db
    .prepare("SELECT count(*) AS found FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get('postern_schema') as { found: number }
  if (tables.found === 0) return 0
  const row = db.prepare('SELECT * FROM postern_schema').get() as { version?: unknown } | undefined
  const version = row?.version
  if (typeof version !== 'number')
    throw new TypeError(
      `sqliteInbox: path: ${path} has a table postern_schema that is not of this package: use another file`,
    )
  if (version > VERSIONS.length)
    throw new TypeError(
      `sqliteInbox: path: ${path} has schema version ${version}, and this @postern/sqlite knows ${VERSIONS.length} at most: upgrade @postern/sqlite in this process`,
    )
  return version
}
