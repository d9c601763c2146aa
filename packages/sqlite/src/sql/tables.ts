import type { LayoutStep } from '@postern/core/engine'

/**
 * The update steps: statements that lead from one version of the tables to the next. After its release, a step must not
 * change.
 *
 * The tables have their own prefix and version. `PRAGMA user_version` belongs to the app, whose tables may be in the
 * same file (`task.commit`). These columns are not described in STORES.md:
 *
 * - `tasks.behind`: 1 if another task of its ordered group (line) runs first. So the ready tasks
 * are one range of an index; a NOT EXISTS over the group would cost ten times as much.
 * - `tasks.lease`: 1 while the claim of `token` holds. A done or dead task may still have such a claim, if another
 * run stored its outcome.
 * - `claims`: a JSON list of the tasks that one commit stored and claimed, and that have no rows
 * yet (`StoredRuns`). `left` is the number of these tasks that have not ended. `lanes`
 * (subscriptions) counts all of them as done, so that the end of a task changes no row there.
 * - `processes.mark`: a random number, by which a process notices that its row was replaced because the
 * file was restored. `beat`: number of its signs of life. `seen`, `looked`, `silent`: the last beat that
 * other processes saw, when they last checked, and for how long `beat` has not changed. `gone`: 1 if
 * the process has ended.
 * - `numbers.next`: a number above all dropped events. `indexed`: keys of events up to this number
 * are in `keys`. For `clock` and `steps` see `store/clock.ts`.
 * - `events.contents`: 1 if the contents are to be erased once all tasks are done, 2 if they were
 * erased. `taken`: when the event was stored, on the clock of the file. `loose`: 1 if the key does
 * not follow from id and tenant, so that the id is indexed.
 * - `deliveries`: head and body of events that came together. An event that came alone has them in
 * its own row.
 * - `arrivals.ring`: 0 for verified deliveries, 1 for others. `rings` has their counts.
 * - `spans`: counts and gauges of all series for a minute or an hour, packed.
 *
 * There are no foreign keys: only this package writes these tables, and look-ups would cost as much as inserts.
 */
export const STEPS: readonly LayoutStep<string>[] = [
  {
    change: `
  CREATE TABLE postern_receivers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE postern_lanes (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, name TEXT NOT NULL, root INTEGER NOT NULL,
    pending INTEGER NOT NULL DEFAULT 0, running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
    UNIQUE (receiver, name)
  ) STRICT;
  CREATE TABLE postern_processes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version INTEGER NOT NULL, mark INTEGER NOT NULL, started INTEGER NOT NULL,
    beat INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT -1, looked INTEGER NOT NULL DEFAULT 0,
    silent INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE postern_numbers (
    next INTEGER NOT NULL, indexed INTEGER NOT NULL, seed INTEGER NOT NULL,
    clock INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE postern_steps (
    at INTEGER PRIMARY KEY, unseen INTEGER NOT NULL, unseen_by_guards INTEGER NOT NULL
  ) STRICT;
  INSERT INTO postern_numbers (next, indexed, seed) VALUES (1, 0, random() & 4294967295);

  CREATE TABLE postern_deliveries (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE postern_events (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, key TEXT NOT NULL, received INTEGER NOT NULL, taken INTEGER NOT NULL,
    topic TEXT NOT NULL, event_id TEXT, tenant TEXT, loose INTEGER, contents INTEGER, delivery INTEGER,
    record TEXT NOT NULL, head TEXT, body BLOB
  ) STRICT;
  CREATE INDEX postern_events_passing ON postern_events (receiver, id) WHERE contents = 1;
  CREATE INDEX postern_events_delivery ON postern_events (delivery) WHERE delivery IS NOT NULL;
  CREATE INDEX postern_events_loose ON postern_events (event_id) WHERE loose = 1;
  CREATE TABLE postern_keys (
    hash INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (hash, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_event_tenants (
    receiver INTEGER NOT NULL, tenant TEXT NOT NULL, PRIMARY KEY (receiver, tenant)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_guards (
    id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, key TEXT NOT NULL, holder TEXT NOT NULL, taken INTEGER NOT NULL,
    UNIQUE (receiver, key)
  ) STRICT;

  CREATE TABLE postern_tasks (
    id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 0, lease INTEGER NOT NULL DEFAULT 0,
    gate INTEGER NOT NULL DEFAULT 0, behind INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
    round INTEGER NOT NULL DEFAULT 0, cut INTEGER NOT NULL DEFAULT 0, charged INTEGER NOT NULL DEFAULT 0,
    part TEXT NOT NULL DEFAULT '', took INTEGER, root INTEGER, line INTEGER, fair TEXT, data TEXT, error TEXT, cause TEXT, fold TEXT
  ) STRICT;
  CREATE INDEX postern_tasks_ready ON postern_tasks (lane, turn, due) WHERE state = 0 AND gate = 0 AND behind = 0;
  CREATE INDEX postern_tasks_gated ON postern_tasks (lane, gate, due) WHERE state = 0 AND gate > 0 AND behind = 0;
  CREATE INDEX postern_tasks_behind ON postern_tasks (lane) WHERE state = 0 AND behind = 1;
  CREATE INDEX postern_tasks_leases ON postern_tasks (token) WHERE lease = 1;
  CREATE INDEX postern_tasks_lines ON postern_tasks (line, root, behind) WHERE line IS NOT NULL AND (state < 2 OR lease = 1);
  CREATE INDEX postern_tasks_dead ON postern_tasks (lane) WHERE state = 3;
  CREATE INDEX postern_tasks_causes ON postern_tasks (cause, lane, id, state) WHERE cause IS NOT NULL;
  CREATE TABLE postern_claims (
    token INTEGER NOT NULL, lane INTEGER NOT NULL, at INTEGER NOT NULL, left INTEGER NOT NULL, tasks TEXT NOT NULL,
    PRIMARY KEY (token, lane)
  ) STRICT, WITHOUT ROWID;
  CREATE VIEW postern_claimed AS SELECT j.value AS id, c.lane, c.token, c.at
    FROM postern_claims c CROSS JOIN json_each(c.tasks) j WHERE NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id = j.value);
  CREATE TABLE postern_tenants (
    lane INTEGER NOT NULL, fair TEXT NOT NULL, turn INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (lane, fair)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_latest (
    root INTEGER NOT NULL, key TEXT NOT NULL, task INTEGER NOT NULL, highest TEXT, at INTEGER NOT NULL, PRIMARY KEY (root, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX postern_latest_at ON postern_latest (at);
  CREATE TABLE postern_attempts (
    task INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL, ended INTEGER NOT NULL, took INTEGER,
    outcome INTEGER NOT NULL, process INTEGER NOT NULL, error TEXT, PRIMARY KEY (task, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE postern_records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE postern_arrivals (
    ring INTEGER NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (ring, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE postern_rings (
    ring INTEGER PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, lost INTEGER NOT NULL
  ) STRICT;
  INSERT INTO postern_rings VALUES (0, 0, 0, 0), (1, 0, 0, 0);
  CREATE TABLE postern_kept (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX postern_kept_source ON postern_kept (source, id);
  CREATE TABLE postern_series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, used INTEGER NOT NULL) STRICT;
  CREATE TABLE postern_spans (
    kind TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (kind, at)
  ) STRICT, WITHOUT ROWID;
  `,
  },
]
