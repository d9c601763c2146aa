import type { LayoutStep } from '@postern/core/engine'

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=binary ROW_FORMAT=DYNAMIC'

/** Rows of `postern_locks`: a line has one of them. */
export const LOCKS = 4096

// The steps of the tables, each the statements that lead to its version from the one before; $. stands for the database. A
// step that was released is never changed again. DDL commits by itself, so that a step may be cut off: each statement may
// run twice; no text of them has a semicolon.
//
// - The id of a task is event * 65536 + n: one key finds by id and by event. Numbers of events come in blocks of 1,000.
// - All texts are bytes: no collation, charset or padding of a server, a connection or an app matters. Those without a bound
//   are compared by hash, or whole; an index has their first bytes.
// - `keys`: the identity of an event. A duplicate is found there, before its contents were sent.
// - `tasks.due`: when it is due, or when it settled; of a task at gate 0 only its place. `since`: when its wait began. `lease`: when
//   the claim of a running task is over; a settled one has it if another run still holds it. In milliseconds since 1970 on the
//   server's clock, as all times.
// - `tasks.token`: fences a claim. Divided by 2^32 it is the row of postern_processes.
// - `tasks.behind`: another of its line goes first. `root`: of its lane; lanes of one subscription share it.
// - An index has a row for each row of its table, so that columns of few rows stand for partial indexes: `open_line`, `dead_lane`.
//   `place`: ready tasks go by turn, and the others by the time they are due.
// - `tasks.fold`: JSON of the engine's `Fold`. `latest`: the newest task of each key that is folded, and the highest value that was seen.
// - `events.packed`: record, head and body (`store/contents.ts`); of events that came together, the delivery has head and body.
// - `events.contents`: 1 if they are to be erased once its tasks are done, 2 if they were.
// No foreign keys: only this package writes these tables, and the look-ups cost as much as the inserts.
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

/** The table with the version of the others and the oldest version that may work on them, which all versions share. */
export const META: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS $.postern_schema (id TINYINT PRIMARY KEY, version INT NOT NULL, oldest INT NOT NULL,
    lost BIGINT NOT NULL DEFAULT 0, clock BIGINT NOT NULL DEFAULT 0) ${TABLE}`,
  'INSERT INTO $.postern_schema (id, version, oldest) VALUES (1, 0, 0) ON DUPLICATE KEY UPDATE id = id',
]

function digits(): string {
  return Array.from({ length: 16 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ')
}
