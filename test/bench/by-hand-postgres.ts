import type { Intake } from '@postern/core/engine'
import { rounds, type Contender } from './parts/settled.ts'

/**
 * Hand-written PostgreSQL code that stores each event with its body and a task, runs the tasks and settles them. It
 * uses one INSERT per batch of events and one UPDATE per batch of settled tasks.
 */
export async function byHandPostgres(connectionString: string, schema: string): Promise<Contender> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString, max: 4 })
  await pool.query(`CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.events (id bigserial PRIMARY KEY, key text NOT NULL UNIQUE, topic text NOT NULL,
      received timestamptz NOT NULL DEFAULT now(), head text NOT NULL, body bytea NOT NULL);
    CREATE TABLE ${schema}.tasks (id bigserial PRIMARY KEY, event bigint NOT NULL, subscription text NOT NULL,
      state smallint NOT NULL, attempt int NOT NULL DEFAULT 0, due timestamptz NOT NULL DEFAULT now(), error text);
    CREATE INDEX ON ${schema}.tasks (subscription, due) WHERE state = 0`)
  const insert = `WITH e AS (
      INSERT INTO ${schema}.events (key, topic, head, body)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) ON CONFLICT (key) DO NOTHING RETURNING id)
    INSERT INTO ${schema}.tasks (event, subscription, state) SELECT id, 'a', 1 FROM e RETURNING id`
  const update = `UPDATE ${schema}.tasks SET state = 2, attempt = 1 WHERE id = ANY($1::bigint[])`
  let waiting: { readonly intake: Intake; readonly stored: () => void }[] = []
  let inserting = 0
  let ended: string[] = []
  let ending = false
  const { round, ended: settled } = rounds(
    (intake) =>
      new Promise<void>((stored) => {
        if (waiting.push({ intake, stored }) === 1) setImmediate(() => void store())
      }),
  )

  return { name: 'SQL by hand', round, close: () => pool.end() }

  async function store(): Promise<void> {
    if (inserting >= 2 || waiting.length === 0) return
    const batch = waiting
    waiting = []
    inserting++
    const { rows } = await pool.query<{ id: string }>({
      name: 'insert',
      text: insert,
      values: [
        batch.map(({ intake }) => intake.items[0]!.event.key),
        batch.map(({ intake }) => intake.items[0]!.event.topic),
        batch.map(({ intake: { delivery } }) => {
          const { method, url, headers } = delivery
          return JSON.stringify({ method, url, headers })
        }),
        batch.map(({ intake }) => intake.delivery.body),
      ],
    })
    inserting--
    for (const { stored } of batch) stored()
    for (const { id } of rows) ended.push(id)
    setImmediate(() => void store())
    setImmediate(() => void end())
  }

  async function end(): Promise<void> {
    if (ending || ended.length === 0) return
    ending = true
    const ids = ended
    ended = []
    await pool.query({ name: 'end', text: update, values: [ids] })
    ending = false
    settled(ids.length)
    setImmediate(() => void end())
  }
}
