import {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  erased,
  type EraseOptions,
  type EventRecord,
  type StoredDelivery,
} from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { jobsOfEvents, lockDeliveries, type EventJob, type EventTasks } from './event-jobs.ts'
import type { PgExecutor } from './pg.ts'

/** An event as it is kept. */
interface KeptEvent {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** True for a job that lets its event be erased; `stored` waits for dead tasks too. */
export function isResting(passing: boolean): (job: Pick<EventJob, 'state'>) => boolean {
  return ({ state }) =>
    state === 'completed' || (!passing && (state === 'failed' || state === 'cancelled'))
}

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** Reads events with their contents, some at a time, by id. */
export async function eachKept(
  schema: string,
  client: PgExecutor,
  events: readonly string[],
  use: (kept: ReadonlyMap<string, KeptEvent>) => unknown,
): Promise<void> {
  for (let from = 0; from < events.length; from += AT_ONCE)
    await use(await readKept(schema, client, events.slice(from, from + AT_ONCE)))
}

/**
 * Empties those of the events whose tasks still rest. An event or a job that another transaction changes at this moment
 * is left out. Returns how many it emptied.
 */
export async function emptyEvents(
  engine: Engine,
  client: PgExecutor,
  events: readonly EventTasks[],
  passing: boolean,
  keep: EraseOptions['keep'],
): Promise<number> {
  if (events.length === 0) return 0
  const { schema } = engine.settings
  const locked = await client.executeSql(
    `SELECT id, tasks FROM ${schema}.postern_events WHERE id = ANY($1::uuid[])
     AND contents ${passing ? '= 1' : 'IS DISTINCT FROM 2'} ORDER BY id FOR UPDATE SKIP LOCKED`,
    [events.map(({ id }) => id)],
  )
  const ids = await stillResting(
    engine,
    client,
    locked.rows as unknown as readonly EventTasks[],
    passing,
  )
  if (ids.length === 0) return 0
  const shared = await lockDeliveries(schema, client, ids)
  await eachKept(schema, client, ids, (kept) => {
    const left = [...kept.values()].map((each) => erased(each, keep))
    return client.executeSql(
      `UPDATE ${schema}.postern_events e SET contents = 2, record = n.record, head = n.head, body = '', delivery = NULL
       FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(id, record, head) WHERE e.id = n.id`,
      [
        [...kept.keys()],
        left.map(({ event }) => encodeEvent(event)),
        left.map(({ delivery }) => encodeDelivery(delivery).head),
      ],
    )
  })
  if (shared.length > 0)
    await client.executeSql(
      `DELETE FROM ${schema}.postern_deliveries d WHERE d.id = ANY($1::uuid[])
       AND NOT EXISTS (SELECT 1 FROM ${schema}.postern_events e WHERE e.delivery = d.id)`,
      [shared],
    )
  return ids.length
}

/** Those of the events whose jobs all rest, locked so that no replay begins before the end of the transaction. */
async function stillResting(
  engine: Engine,
  client: PgExecutor,
  events: readonly EventTasks[],
  passing: boolean,
): Promise<readonly string[]> {
  if (events.length === 0) return []
  const jobs = await jobsOfEvents(engine, client, events)
  const all = [...jobs.values()].flat()
  const { rows } = await client.executeSql(
    `SELECT id, state::text AS state FROM ${engine.settings.schema}.job
     WHERE name = ANY($1::text[]) AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED`,
    [[...new Set(all.map(({ name }) => name))], all.map(({ id }) => id)],
  )
  const resting = new Set(
    (rows as unknown as Pick<EventJob, 'id' | 'state'>[])
      .filter(isResting(passing))
      .map(({ id }) => id),
  )
  return events.flatMap(({ id }) => (jobs.get(id)!.every((job) => resting.has(job.id)) ? id : []))
}

interface KeptRow {
  readonly id: string
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

async function readKept(
  schema: string,
  client: PgExecutor,
  events: readonly string[],
): Promise<ReadonlyMap<string, KeptEvent>> {
  const { rows } = await client.executeSql(
    `SELECT e.id, e.record, COALESCE(d.head, e.head) AS head, COALESCE(d.body, e.body) AS body
     FROM ${schema}.postern_events e LEFT JOIN ${schema}.postern_deliveries d ON d.id = e.delivery
     WHERE e.id = ANY($1::uuid[])`,
    [events],
  )
  return new Map(
    (rows as unknown as KeptRow[]).map((row) => {
      const delivery = decodeDelivery(row.head, row.body)
      return [row.id, { event: decodeEvent(row.record, delivery), delivery }]
    }),
  )
}
