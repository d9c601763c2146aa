import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'

/** An event's row with the references to its tasks. */
export interface EventTasks {
  readonly id: string
  readonly tasks: readonly (readonly [lane: number, id: string])[]
}

/** A job of an event. */
export interface EventJob {
  readonly id: string
  readonly name: string
  readonly state: string
  /** Milliseconds since it settled; undefined if it has not. */
  readonly settled: number | undefined
}

/** Names of the queues and ids of the jobs of events. */
export async function namesOfJobs(
  engine: Engine,
  events: readonly EventTasks[],
): Promise<readonly { readonly name: string; readonly id: string }[]> {
  const tasks = events.flatMap((event) => event.tasks)
  if (tasks.some(([lane]) => engine.queues.byId(lane) === undefined)) await engine.queues.load()
  return tasks.map(([lane, id]) => ({ name: engine.queues.byId(lane)!.name, id }))
}

/** The existing jobs of events, by event. */
export async function jobsOfEvents(
  engine: Engine,
  client: PgExecutor,
  events: readonly EventTasks[],
): Promise<ReadonlyMap<string, readonly EventJob[]>> {
  const jobs = await namesOfJobs(engine, events)
  const { rows } = await client.executeSql(
    `SELECT id, name, state::text AS state, extract(epoch FROM clock_timestamp() - completed_on)::float8 * 1000 AS settled
     FROM ${engine.settings.schema}.job WHERE name = ANY($1::text[]) AND id = ANY($2::uuid[])`,
    [[...new Set(jobs.map((job) => job.name))], jobs.map((job) => job.id)],
  )
  const found = new Map(
    (rows as unknown as (EventJob & { settled: number | null })[]).map((row) => [
      row.id,
      { ...row, settled: row.settled ?? undefined },
    ]),
  )
  return new Map(
    events.map(({ id, tasks }) => [id, tasks.flatMap(([, job]) => found.get(job) ?? [])]),
  )
}

/** Drops jobs with their attempts. */
export async function dropJobs(
  client: PgExecutor,
  schema: string,
  jobs: readonly { readonly name: string; readonly id: string }[],
): Promise<void> {
  if (jobs.length === 0) return
  await client.executeSql(
    `WITH a AS (DELETE FROM ${schema}.postern_attempts WHERE task = ANY($2::uuid[]))
     DELETE FROM ${schema}.job WHERE name = ANY($1::text[]) AND id = ANY($2::uuid[])`,
    [[...new Set(jobs.map((job) => job.name))], jobs.map((job) => job.id)],
  )
}

/** Drops events whose jobs are gone with their guards, and their deliveries if no other event came with them. */
export async function dropEvents(
  client: PgExecutor,
  schema: string,
  events: readonly string[],
): Promise<void> {
  if (events.length === 0) return
  await lockDeliveries(schema, client, events)
  await client.executeSql(
    `WITH guards AS (DELETE FROM ${schema}.postern_guards WHERE event = ANY($1::uuid[])),
       gone AS (DELETE FROM ${schema}.postern_events WHERE id = ANY($1::uuid[]) RETURNING id, delivery)
     DELETE FROM ${schema}.postern_deliveries d USING gone g WHERE d.id = g.delivery
     AND NOT EXISTS (SELECT 1 FROM ${schema}.postern_events e WHERE e.delivery = d.id AND e.id <> ALL($1::uuid[]))`,
    [events],
  )
}

/**
 * Locks the deliveries that these events share with others. Of two transactions that drop or empty the last two events of a
 * delivery, the second one must see the first.
 */
export async function lockDeliveries(
  schema: string,
  client: PgExecutor,
  events: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.executeSql(
    `SELECT id FROM ${schema}.postern_deliveries WHERE id IN (
       SELECT delivery FROM ${schema}.postern_events WHERE id = ANY($1::uuid[]) AND delivery IS NOT NULL) ORDER BY id FOR UPDATE`,
    [events],
  )
  return rows.map((row) => row['id'] as string)
}
