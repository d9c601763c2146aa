import type { PgExecutor } from './pg.ts'

// Versions of the tables beside pg-boss's, each the statements that lead to it from the one before; $ stands for the
// schema. An entry that was released is never changed again. Tasks are pg-boss's jobs and have no table here: `tasks` of
// an event says which they are, as [lane, id] pairs. An event that came alone carries its delivery itself; those that
// came together share a row of postern_deliveries. postern_order has the open tasks of order keys, in order.
// `contents` of an event: 1 if they are to be erased once its tasks are done, 2 if they were.
// An index row holds 2,704 bytes: ids and topics are indexed by their first 100 characters, or long ones would be refused.
const VERSIONS: readonly string[] = [
  `
  CREATE TABLE $.postern_lanes (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue text NOT NULL UNIQUE,
    receiver text NOT NULL, subscription text NOT NULL, turn int NOT NULL DEFAULT 0
  );
  CREATE TABLE $.postern_turns (
    lane int NOT NULL, key uuid NOT NULL, turn int NOT NULL, step int NOT NULL, PRIMARY KEY (lane, key)
  );
  CREATE TABLE $.postern_deliveries (id uuid PRIMARY KEY, head text NOT NULL, body bytea NOT NULL);
  CREATE TABLE $.postern_events (
    id uuid PRIMARY KEY, receiver text NOT NULL, key text NOT NULL, event_id text, topic text NOT NULL, scope text,
    provider text NOT NULL, received bigint NOT NULL, record text NOT NULL, tasks jsonb NOT NULL,
    delivery uuid, head text, body bytea, contents smallint
  );
  CREATE INDEX postern_events_passing ON $.postern_events (received, id) WHERE contents = 1;
  CREATE INDEX postern_events_received ON $.postern_events (received, id);
  CREATE INDEX postern_events_event_id ON $.postern_events (left(event_id, 100)) WHERE event_id IS NOT NULL;
  CREATE INDEX postern_events_topic ON $.postern_events (left(topic, 100) COLLATE "C", received, id);
  CREATE INDEX postern_events_delivery ON $.postern_events (delivery) WHERE delivery IS NOT NULL;
  CREATE TABLE $.postern_guards (id uuid PRIMARY KEY, event uuid NOT NULL);
  CREATE INDEX postern_guards_event ON $.postern_guards (event);
  CREATE TABLE $.postern_attempts (
    task uuid NOT NULL, run int NOT NULL, attempt int NOT NULL, started bigint NOT NULL, duration float8,
    outcome text NOT NULL, error jsonb, process text NOT NULL, PRIMARY KEY (task, run)
  );
  CREATE TABLE $.postern_order (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, queue text NOT NULL,
    line text NOT NULL, key uuid NOT NULL
  );
  CREATE INDEX postern_order_heads ON $.postern_order (key, line, seq);
  CREATE TABLE $.postern_records (
    key text COLLATE "C" PRIMARY KEY, value text NOT NULL, version int NOT NULL
  );
  CREATE TABLE $.postern_arrivals (
    id text COLLATE "C" PRIMARY KEY, at bigint NOT NULL, verified boolean NOT NULL, receiver text NOT NULL,
    provider text NOT NULL, outcome text NOT NULL, code text, size int NOT NULL, row text NOT NULL, kept text, body bytea
  );
  CREATE INDEX postern_arrivals_ring ON $.postern_arrivals (verified, at, id) INCLUDE (size);
  CREATE INDEX postern_arrivals_at ON $.postern_arrivals (at, id);
  CREATE INDEX postern_arrivals_kept ON $.postern_arrivals (receiver, code, at) WHERE kept IS NOT NULL;
  CREATE TABLE $.postern_series (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid NOT NULL UNIQUE, name text NOT NULL, day int NOT NULL
  );
  CREATE TABLE $.postern_history (kind text NOT NULL, at bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (kind, at));
  ALTER TABLE $.postern_schema ADD COLUMN lost bigint NOT NULL DEFAULT 0;
  CREATE INDEX postern_job_cause ON $.job (name, (output->>'cause'), created_on, id)
    WHERE output IS NOT NULL AND (state = 'retry' OR state > 'completed');
  CREATE INDEX postern_job_dead ON $.job (name, created_on, id) WHERE state > 'completed';
  `,
]

/**
 * Makes the tables, or brings those of an older version up to date, in a transaction that holds a lock against others
 * that do. Throws a `TypeError` if a newer version wrote them.
 */
export async function migrate(client: PgExecutor, schema: string): Promise<void> {
  const found = await versionOf(client, schema)
  if (found === VERSIONS.length) return
  if (found === 0)
    await client.executeSql(
      `CREATE TABLE ${schema}.postern_schema (version int NOT NULL); INSERT INTO ${schema}.postern_schema VALUES (0)`,
    )
  for (const statements of VERSIONS.slice(found))
    await client.executeSql(statements.replaceAll('$.', `${schema}.`))
  await client.executeSql(`UPDATE ${schema}.postern_schema SET version = $1`, [VERSIONS.length])
}

/** Throws a `TypeError` if the tables are not those of this version. */
export async function check(client: PgExecutor, schema: string): Promise<void> {
  const found = await versionOf(client, schema)
  if (found !== VERSIONS.length)
    throw new TypeError(
      `pgBossInbox: migrate: the tables postern_* of schema ${schema} have version ${found} and this package needs ${VERSIONS.length}: start once with migrate: true`,
    )
}

async function versionOf(db: PgExecutor, schema: string): Promise<number> {
  const [table] = (
    await db.executeSql('SELECT to_regclass($1) IS NOT NULL AS found', [`${schema}.postern_schema`])
  ).rows
  if (table?.['found'] !== true) return 0
  const { rows } = await db.executeSql(`SELECT version FROM ${schema}.postern_schema`)
  const version = Number(rows[0]?.['version'])
  if (version > VERSIONS.length)
    throw new TypeError(
      `pgBossInbox: schema: the tables postern_* of ${schema} have version ${version}, and this @postern/pg-boss knows ${VERSIONS.length} at most: upgrade @postern/pg-boss in this process`,
    )
  return version
}
