/**
 * Versions of the schema, each the statements that lead to it from the version before. A released entry is never changed
 * again.
 *
 * The tables carry a prefix and a version of their own. `PRAGMA user_version` belongs to the app: its tables may lie in
 * the same file (`task.commit`).
 *
 * - `tasks.state`: 0 pending, 1 running, 2 done, 3 dead.
 * - `tasks.due`: when a pending task may run, when the lease of a running one ends, when a settled one settled. In
 *   milliseconds since 1970, as all times.
 * - `tasks.token`: fences a claim; only the process that claimed last knows it. Divided by 2^32 it is the row of
 *   `processes`.
 * - `tasks.gate`: 0 may run when it is due, 1 another open task of its order key goes first, 2 suspect: runs alone,
 *   3 takes the next turn of its tenant when it is due. Ready tasks are then one index range: a NOT EXISTS over the
 *   order key costs ten times as much.
 * - `tasks.cut`, `charged`: interruptions in a row. `took`: microseconds of the last run. `cause`: of its error.
 * - `tasks.turn`, `tenant`: its turn among the tenants of its lane, and the row of `tenants`; 0 in lanes without tenants.
 * - `numbers.next`: number of the next event. The keys of events up to `indexed` are in `keys`, the topics of events up
 *   to `topics` in `topic_events`.
 * - `events.contents`: 1 if a receiver's `stored` wants them erased once its tasks are done, 2 if they are.
 * - `events.loose`: 1 if its key cannot be made of its id and scope, so that its id needs an index entry.
 * - An event that came alone has its delivery in its own row (head and body); events that came together share a row of
 *   `deliveries`.
 * - `topic_events.events`: offsets in a block of event numbers, 2 bytes each.
 * - `arrivals` holds verified deliveries, `strangers` the others: they never push each other out. `rings` counts both.
 * - `history`: counts and gauges of a minute or an hour (`step` in milliseconds), of all series, packed.
 *
 * No foreign keys: only this package writes these tables, and the look-ups cost as much as the inserts.
 */
export const VERSIONS: readonly string[] = [
  `
  CREATE TABLE postern_receivers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE postern_lanes (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, name TEXT NOT NULL,
    pending INTEGER NOT NULL DEFAULT 0, running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
    UNIQUE (receiver, name)
  ) STRICT;
  CREATE TABLE postern_processes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, started INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE postern_numbers (
    next INTEGER NOT NULL, indexed INTEGER NOT NULL, seed INTEGER NOT NULL, topics INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO postern_numbers VALUES (1, 0, random() & 4294967295, 0);

  CREATE TABLE postern_deliveries (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE postern_events (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, key TEXT NOT NULL, received INTEGER NOT NULL,
    topic TEXT NOT NULL, event_id TEXT, scope TEXT, loose INTEGER, contents INTEGER, delivery INTEGER,
    record TEXT NOT NULL, head TEXT, body BLOB
  ) STRICT;
  CREATE INDEX postern_events_passing ON postern_events (receiver, id) WHERE contents = 1;
  CREATE INDEX postern_events_delivery ON postern_events (delivery) WHERE delivery IS NOT NULL;
  CREATE INDEX postern_events_loose ON postern_events (event_id) WHERE loose = 1;
  CREATE TABLE postern_keys (
    hash INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (hash, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_scopes (
    receiver INTEGER NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (receiver, scope)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_guards (
    receiver INTEGER NOT NULL, key TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (receiver, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX postern_guards_event ON postern_guards (event);
  CREATE TABLE postern_topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE postern_topic_events (
    block INTEGER NOT NULL, topic INTEGER NOT NULL, events BLOB NOT NULL, PRIMARY KEY (block, topic)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE postern_tasks (
    id INTEGER PRIMARY KEY, event INTEGER NOT NULL, lane INTEGER NOT NULL, part TEXT NOT NULL DEFAULT '',
    state INTEGER NOT NULL, due INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0, gate INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
    tenant INTEGER NOT NULL DEFAULT 0, cut INTEGER NOT NULL DEFAULT 0, charged INTEGER NOT NULL DEFAULT 0,
    took INTEGER, order_key TEXT, data TEXT, error TEXT, cause TEXT,
    UNIQUE (event, lane, part)
  ) STRICT;
  CREATE INDEX postern_tasks_ready ON postern_tasks (lane, turn, due) WHERE state = 0 AND gate = 0;
  CREATE INDEX postern_tasks_held ON postern_tasks (lane, gate, due) WHERE state = 0 AND gate > 1;
  CREATE INDEX postern_tasks_leases ON postern_tasks (due) WHERE state = 1;
  CREATE INDEX postern_tasks_keys ON postern_tasks (lane, order_key) WHERE order_key IS NOT NULL AND state < 2;
  CREATE INDEX postern_tasks_dead ON postern_tasks (lane, event) WHERE state = 3;
  CREATE INDEX postern_tasks_causes ON postern_tasks (cause, lane, event, state) WHERE cause IS NOT NULL;
  CREATE TABLE postern_tenants (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, key TEXT NOT NULL,
    turn INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0, UNIQUE (key, lane)
  ) STRICT;
  CREATE TABLE postern_attempts (
    task INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL, ended INTEGER NOT NULL, took INTEGER,
    outcome INTEGER NOT NULL, process INTEGER NOT NULL, error TEXT, PRIMARY KEY (task, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE postern_records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE postern_arrivals (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, data TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_strangers (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, data TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_rings (
    name TEXT PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, lost INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO postern_rings VALUES ('arrivals', 0, 0, 0), ('strangers', 0, 0, 0);
  CREATE TABLE postern_kept (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX postern_kept_source ON postern_kept (source, id);
  CREATE TABLE postern_series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE postern_history (
    step INTEGER NOT NULL, at INTEGER NOT NULL, counts BLOB, gauges BLOB, PRIMARY KEY (step, at)
  ) STRICT, WITHOUT ROWID;
  `,
]
