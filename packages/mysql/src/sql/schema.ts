import type { LayoutStep } from '@postern/core/engine'

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=binary ROW_FORMAT=DYNAMIC'

/** Number of rows in `postern_locks`. Each ordered group (line) of tasks uses one of these rows as its lock. */
export const LOCKS = 4096

// The update steps: statements that lead from one version of the tables to the next. `$.` is replaced by the database.
// After its release, a step must not change. DDL commits by itself, so a step may be interrupted. Therefore each
// statement can run twice; none contains a semicolon. Most columns are described in STORES.md, others here:
// - All texts are bytes, so that collation, charset and padding have no effect. An index has only
// the first bytes of unbounded texts.
// - `keys` has the identity of each event: a duplicate is found there, before its contents are sent.
// - `due` of a ready task (gate 0) is only its place in the order. `since`: when its wait
// started. `lease`: when the claim ends; null without a claim.
// - `open_line`, `dead_lane` and `place` replace partial indexes. Ready tasks are ordered by turn
// (the rotation of tenants), others by the time at which they are due.
// - `latest`: for each key of folded tasks (`debounce`), the newest task and the highest value.
// - `packed`: record, head and body (`store/contents.ts`). Events that came together share head and
// body of their delivery.
// - `events.contents`: 1 if the contents are to be erased once all tasks are done, 2 if they were erased.
// There are no foreign keys: only this package writes these tables, and look-ups would cost as much as inserts.
export const STEPS: readonly LayoutStep<string>[] = [
  {
    change: [
      `CREATE TABLE IF NOT EXISTS $.postern_counters (name VARBINARY(20) PRIMARY KEY, n BIGINT NOT NULL) ${TABLE}`,
      `INSERT INTO $.postern_counters (name, n) VALUES ('events', 1), ('processes', 0) ON DUPLICATE KEY UPDATE name = name`,
      `CREATE TABLE IF NOT EXISTS $.postern_seq (id BIGINT AUTO_INCREMENT PRIMARY KEY) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_locks (id INT PRIMARY KEY) ${TABLE}`,
      `INSERT INTO $.postern_locks (id) SELECT a.n + 16 * b.n + 256 * c.n FROM
        (${digits()}) a, (${digits()}) b, (${digits()}) c ON DUPLICATE KEY UPDATE id = postern_locks.id`,
      `CREATE TABLE IF NOT EXISTS $.postern_processes (id INT PRIMARY KEY, name LONGBLOB NOT NULL, version INT NOT NULL,
        mark BIGINT NOT NULL, lease BIGINT NOT NULL, started BIGINT NOT NULL, seen BIGINT NOT NULL, beat BIGINT NOT NULL DEFAULT 0) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_lanes (id INT AUTO_INCREMENT PRIMARY KEY, hash BINARY(16) NOT NULL UNIQUE,
        receiver LONGBLOB NOT NULL, name LONGBLOB NOT NULL, root INT NOT NULL, turn INT NOT NULL DEFAULT 0, KEY receiver (receiver(100))) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_keys (hash BINARY(16) PRIMARY KEY, id BIGINT NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_deliveries (id BIGINT PRIMARY KEY, packed LONGBLOB NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_events (id BIGINT PRIMARY KEY, hash BINARY(16) NOT NULL, received BIGINT NOT NULL,
        contents TINYINT, delivery BIGINT, receiver LONGBLOB NOT NULL, \`key\` LONGBLOB NOT NULL, event_id LONGBLOB,
        topic LONGBLOB NOT NULL, tenant LONGBLOB, provider LONGBLOB NOT NULL, packed LONGBLOB NOT NULL,
        KEY received (received, id), KEY passing (contents, received, id), KEY event_id (event_id(100)),
        KEY topic (topic(100), received, id), KEY delivery (delivery)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_tasks (id BIGINT PRIMARY KEY, due BIGINT NOT NULL, since BIGINT, lease BIGINT,
        token BIGINT NOT NULL DEFAULT 0, line BIGINT, seq BIGINT, lane INT NOT NULL, root INT, turn INT NOT NULL DEFAULT 0,
        took INT, attempt INT NOT NULL DEFAULT 0, runs INT NOT NULL DEFAULT 0, round INT NOT NULL DEFAULT 0,
        state TINYINT NOT NULL, gate TINYINT NOT NULL DEFAULT 0, cut INT NOT NULL DEFAULT 0, charged INT NOT NULL DEFAULT 0,
        behind TINYINT NOT NULL DEFAULT 0, part LONGBLOB NOT NULL, fair LONGBLOB, data LONGBLOB, error LONGBLOB, cause LONGBLOB, fold LONGBLOB,
        place INT GENERATED ALWAYS AS (IF(gate = 0, turn, 0)) STORED,
        open_line BIGINT GENERATED ALWAYS AS (IF(state < 2 OR lease IS NOT NULL, line, NULL)) STORED,
        dead_lane INT GENERATED ALWAYS AS (IF(state = 3, lane, NULL)) STORED,
        KEY ready (state, behind, lane, gate, place, due), KEY waits (since), KEY leases (lease),
        KEY ordered (open_line, root, behind, seq), KEY dead (dead_lane, id), KEY causes (cause(100), lane, id)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_steps (id BIGINT AUTO_INCREMENT PRIMARY KEY, at BIGINT NOT NULL, unseen BIGINT NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_tenants (lane INT NOT NULL, hash BINARY(16) NOT NULL, turn INT NOT NULL,
        PRIMARY KEY (lane, hash)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_latest (root INT NOT NULL, \`key\` BINARY(16) NOT NULL, task BIGINT NOT NULL, highest LONGBLOB,
        at BIGINT NOT NULL, PRIMARY KEY (root, \`key\`), KEY at (at)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_guards (hash BINARY(16) PRIMARY KEY, event BINARY(16) NOT NULL,
        taken BIGINT NOT NULL, KEY event (event)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_attempts (task BIGINT NOT NULL, seq INT NOT NULL, attempt INT NOT NULL,
        ended BIGINT NOT NULL, took INT, outcome VARBINARY(20) NOT NULL, process INT NOT NULL, error LONGBLOB,
        PRIMARY KEY (task, seq)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_records (\`key\` VARBINARY(3000) PRIMARY KEY, value LONGBLOB NOT NULL, version INT NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_arrivals (id VARBINARY(200) PRIMARY KEY, strangers TINYINT NOT NULL, at BIGINT NOT NULL,
        size INT NOT NULL, data LONGBLOB NOT NULL, source LONGBLOB, head LONGBLOB, body LONGBLOB,
        KEY ring (strangers, id, size, at), KEY kept (source(100), id)) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_series (id INT AUTO_INCREMENT PRIMARY KEY, hash BINARY(16) NOT NULL UNIQUE,
        name LONGBLOB NOT NULL, day INT NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS $.postern_history (kind VARBINARY(20) NOT NULL, at BIGINT NOT NULL, data LONGBLOB NOT NULL,
        PRIMARY KEY (kind, at)) ${TABLE}`,
    ].join(';'),
  },
]

/** Creates the table that stores the versions. It has the same columns in all versions. */
export const META: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS $.postern_schema (id TINYINT PRIMARY KEY, version INT NOT NULL, oldest INT NOT NULL,
    lost BIGINT NOT NULL DEFAULT 0, clock BIGINT NOT NULL DEFAULT 0) ${TABLE}`,
  'INSERT INTO $.postern_schema (id, version, oldest) VALUES (1, 0, 0) ON DUPLICATE KEY UPDATE id = id',
]

function digits(): string {
  return Array.from({ length: 16 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ')
}
