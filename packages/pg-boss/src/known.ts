import type { Taken } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { insertJobs } from './jobs.ts'
import { enqueue, lockKeys, orderedOf } from './order.ts'
import type { PgExecutor } from './pg.ts'
import type { PreparedIntake, PreparedItem } from './encode.ts'
import { createRevive } from './revive.ts'
import type { Store } from './writer.ts'

/** Makes what stores deliveries: their events, the jobs of new ones, and the revival of failed tasks of known ones. */
export function createStore(engine: Engine, lineOf: (queue: string) => string): Store {
  const { schema } = engine.settings
  const revive = createRevive(engine, lineOf)
  // One JSON text and one run of bytes, whatever the number of rows: several times cheaper to write and to read than a
  // parameter a value, and a body stays the bytes it is.
  const events = `INSERT INTO ${schema}.postern_events
      (id, receiver, key, event_id, topic, scope, received, record, tasks, delivery, head, body)
    SELECT id, receiver, key, event_id, topic, scope, received, record, tasks, delivery, head,
      CASE WHEN head IS NOT NULL THEN substring($2::bytea FROM start + 1 FOR size) END
    FROM json_to_recordset($1::json) AS e(id uuid, receiver text, key text, event_id text, topic text, scope text,
      received bigint, record text, tasks jsonb, delivery uuid, head text, start int, size int)
    ON CONFLICT (id) DO NOTHING RETURNING id`
  const deliveries = `INSERT INTO ${schema}.postern_deliveries (id, head, body)
    SELECT id, head, substring($2::bytea FROM start + 1 FOR size)
    FROM json_to_recordset($1::json) AS d(id uuid, head text, start int, size int)`

  return async (client, batch) => {
    const items = new Map<string, PreparedItem>()
    for (const intake of batch)
      for (const item of intake.items) if (!items.has(item.id)) items.set(item.id, item)
    const orders = [...items.values()].flatMap(({ jobs }) =>
      jobs.flatMap((job) => job.data.order ?? []),
    )
    await lockKeys(client, orders)
    const fresh = await insertEvents(client, [...items.values()])
    await insertDeliveries(client, batch, fresh)
    const jobs = [...items.values()].flatMap((item) => (fresh.has(item.id) ? item.jobs : []))
    await insertJobs(engine, client, jobs, false)
    if (orders.length > 0) await enqueue(client, schema, orderedOf(jobs, lineOf))
    const known = [...items.keys()].filter((id) => !fresh.has(id))
    const revived = known.length === 0 ? NONE : await revive(client, known)
    const told = new Set<string>()
    return batch.map((intake) => intake.items.map(({ id }): Taken => tell(id)))

    function tell(id: string): Taken {
      const first = !told.has(id)
      told.add(id)
      if (first && fresh.has(id)) return 'new'
      return first && revived.has(id) ? 'revived' : 'duplicate'
    }
  }

  async function insertEvents(
    client: PgExecutor,
    items: readonly PreparedItem[],
  ): Promise<ReadonlySet<string>> {
    // In one order in every process, so that two that store the same events wait for each other and do not deadlock.
    const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const { rows } = await client.executeSql(events, withBodies(sorted.map((item) => item.row)))
    const fresh = new Set<string>()
    for (const row of rows) fresh.add(row['id'] as string)
    return fresh
  }

  async function insertDeliveries(
    client: PgExecutor,
    batch: readonly PreparedIntake[],
    fresh: ReadonlySet<string>,
  ): Promise<void> {
    const shared = batch.flatMap(({ delivery, items }) =>
      delivery && items.some(({ id }) => fresh.has(id)) ? [delivery] : [],
    )
    if (shared.length === 0) return
    await client.executeSql(deliveries, withBodies(shared))
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Rows as JSON, and their bodies end to end, each row with its place. */
function withBodies(rows: readonly { readonly body: Uint8Array | undefined }[]): unknown[] {
  const bodies: Uint8Array[] = []
  let end = 0
  const placed = rows.map(({ body = NOTHING, ...row }) => {
    const start = end
    end += body.length
    bodies.push(body)
    return { ...row, start, size: body.length }
  })
  // JSON.stringify leaves halves of pairs escaped, and those PostgreSQL's json takes only as text that is never read.
  return [JSON.stringify(placed), Buffer.concat(bodies)]
}

const NOTHING = new Uint8Array(0)
