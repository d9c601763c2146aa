import type { LayoutStep } from '@postern/core/engine'
import { NOW } from './lines.ts'

// The update steps: statements that lead from one version of the tables to the next. `$.` is replaced by the schema.
// After its release, a step must not change. Most columns are described in STORES.md, others here:
// - `due` of a ready task (gate 0) is only its place in the order. `since`: when its wait
// started. `lease`: when the claim ends; null without a claim.
// - `latest`: for each key of folded tasks (`debounce`), the newest task and the highest value.
// - Events that came together share a row of postern_deliveries. An event that came alone has its
// delivery in its own row.
// - `events.contents`: 1 if the contents are to be erased once all tasks are done, 2 if they were
// erased.
// - An index row has at most 2,704 bytes, so ids and topics are indexed by their first 100
// characters.
// There are no foreign keys: only this package writes these tables, and look-ups would cost as much as inserts.
export const STEPS: readonly LayoutStep<string>[] = [
  {
    change: `
  CREATE SEQUENCE $.postern_numbers INCREMENT 1000;
  CREATE SEQUENCE $.postern_seq;
  CREATE SEQUENCE $.postern_process_ids MAXVALUE 1048575 CYCLE;
  CREATE SEQUENCE $.postern_lane_ids;
  CREATE TABLE $.postern_processes (
    id int PRIMARY KEY, name text NOT NULL, version int NOT NULL, mark bigint NOT NULL, lease bigint NOT NULL, started bigint NOT NULL, seen bigint NOT NULL,
    beat bigint NOT NULL DEFAULT 0
  );
  CREATE TABLE $.postern_lanes (
    id int PRIMARY KEY, receiver text NOT NULL, name text NOT NULL, root int NOT NULL, turn int NOT NULL DEFAULT 0,
    UNIQUE (receiver, name)
  );
  CREATE TABLE $.postern_deliveries (id bigint PRIMARY KEY, head text NOT NULL, body bytea NOT NULL);
  CREATE TABLE $.postern_events (
    id bigint PRIMARY KEY, hash uuid NOT NULL UNIQUE, received bigint NOT NULL, contents smallint, delivery bigint,
    receiver text NOT NULL, key text NOT NULL, event_id text, topic text NOT NULL, tenant text, provider text NOT NULL,
    record text NOT NULL, head text, body bytea
  );
  CREATE INDEX postern_events_received ON $.postern_events (received, id);
  CREATE INDEX postern_events_passing ON $.postern_events (received, id) WHERE contents = 1;
  CREATE INDEX postern_events_event_id ON $.postern_events (left(event_id, 100)) WHERE event_id IS NOT NULL;
  CREATE INDEX postern_events_topic ON $.postern_events (left(topic, 100) COLLATE "C", received, id);
  CREATE INDEX postern_events_delivery ON $.postern_events (delivery) WHERE delivery IS NOT NULL;
  CREATE TABLE $.postern_tasks (
    id bigint PRIMARY KEY, due bigint NOT NULL, since bigint, lease bigint, token bigint NOT NULL DEFAULT 0, line bigint, seq bigint,
    lane int NOT NULL, root int, turn int NOT NULL DEFAULT 0, took int, attempt int NOT NULL DEFAULT 0,
    runs int NOT NULL DEFAULT 0, round int NOT NULL DEFAULT 0, state smallint NOT NULL, gate smallint NOT NULL DEFAULT 0,
    cut smallint NOT NULL DEFAULT 0, charged smallint NOT NULL DEFAULT 0, behind boolean NOT NULL DEFAULT false,
    part text NOT NULL DEFAULT '', fair text, data text, error text, cause text, fold text
  );
  CREATE INDEX postern_tasks_ready ON $.postern_tasks (lane, turn, due) WHERE state = 0 AND gate = 0 AND NOT behind;
  CREATE INDEX postern_tasks_held ON $.postern_tasks (lane, gate, due) WHERE state = 0 AND gate > 0 AND NOT behind;
  CREATE INDEX postern_tasks_waits ON $.postern_tasks (since) WHERE state = 0 AND since IS NOT NULL;
  CREATE INDEX postern_tasks_leases ON $.postern_tasks (lease) WHERE lease IS NOT NULL;
  CREATE INDEX postern_tasks_lines ON $.postern_tasks (line, root, seq)
    WHERE line IS NOT NULL AND (state < 2 OR lease IS NOT NULL);
  CREATE INDEX postern_tasks_heads ON $.postern_tasks (line, root)
    WHERE line IS NOT NULL AND (state < 2 OR lease IS NOT NULL) AND NOT behind;
  CREATE INDEX postern_tasks_dead ON $.postern_tasks (lane, id) WHERE state = 3;
  CREATE INDEX postern_tasks_causes ON $.postern_tasks (cause, lane, id) WHERE cause IS NOT NULL;
  CREATE TABLE $.postern_steps (at bigint NOT NULL, unseen bigint NOT NULL);
  CREATE TABLE $.postern_tenants (lane int NOT NULL, key text NOT NULL, turn int NOT NULL, PRIMARY KEY (lane, key));
  CREATE TABLE $.postern_latest (
    root int NOT NULL, key text COLLATE "C" NOT NULL, task bigint NOT NULL, highest text, at bigint NOT NULL, PRIMARY KEY (root, key)
  );
  CREATE INDEX postern_latest_at ON $.postern_latest (at);
  CREATE TABLE $.postern_guards (
    key uuid PRIMARY KEY, event uuid NOT NULL, taken bigint NOT NULL
  );
  CREATE INDEX postern_guards_event ON $.postern_guards (event);
  CREATE TABLE $.postern_attempts (
    task bigint NOT NULL, seq int NOT NULL, attempt int NOT NULL, ended bigint NOT NULL, took int, outcome text NOT NULL,
    process int NOT NULL, error text, PRIMARY KEY (task, seq)
  );
  CREATE TABLE $.postern_records (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, version int NOT NULL);
  CREATE TABLE $.postern_arrivals (
    id text COLLATE "C" PRIMARY KEY, strangers boolean NOT NULL, at bigint NOT NULL, size int NOT NULL, data text NOT NULL,
    source text, head text, body bytea
  );
  CREATE INDEX postern_arrivals_ring ON $.postern_arrivals (strangers, id) INCLUDE (size, at);
  CREATE INDEX postern_arrivals_kept ON $.postern_arrivals (source, id) WHERE source IS NOT NULL;
  CREATE TABLE $.postern_series (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid NOT NULL UNIQUE, name text NOT NULL, day int NOT NULL
  );
  CREATE TABLE $.postern_history (kind text NOT NULL, at bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (kind, at));
  `,
  },
]

/** Creates the table that stores the versions. It has the same columns in all versions. */
export const META: string = `CREATE TABLE IF NOT EXISTS $.postern_schema (
  version int NOT NULL, oldest int NOT NULL, lost bigint NOT NULL DEFAULT 0, clock bigint NOT NULL DEFAULT 0)`

export const LIVING: string = `SELECT version FROM $.postern_processes WHERE seen BETWEEN ${NOW} - $1::bigint AND ${NOW} + $1::bigint`
/** Writes at most one sign of life per ten seconds. */
export const ALIVE: string = `WITH p AS (
    UPDATE $.postern_processes SET seen = ${NOW}, beat = beat + 1
    WHERE id = $1 AND mark = $2::bigint AND seen NOT BETWEEN ${NOW} - 10000 AND ${NOW} RETURNING 1)
  SELECT version, oldest, (SELECT beat FROM $.postern_processes WHERE id = $1 AND mark = $2::bigint)::float8 AS beat FROM $.postern_schema`
export const LEAVE: string = 'UPDATE $.postern_processes SET seen = 0 WHERE id = $1'
