import type { Taken } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { withBodies } from './bodies.ts'
import { createGuards } from './guards.ts'
import { insertJobs } from './jobs.ts'
import { enqueue, lockKeys, orderedOf } from './order.ts'
import type { PgExecutor } from './pg.ts'
import type { EncodedIntake, EncodedItem } from './encode.ts'
import { createRevive } from './revive.ts'
import type { Turns } from './turns.ts'
import type { Store } from './writer.ts'

/** Makes the function that stores deliveries: events, the jobs of new ones, and the revival of known ones. */
export function createStore(
  engine: Engine,
  turns: Turns,
  lineOf: (queue: string) => string,
): Store {
  const { schema } = engine.settings
  const revive = createRevive(engine, lineOf)
  const guard = createGuards(schema)
  // One JSON text and one byte array for any number of rows: several times cheaper to write and read than a parameter
  // for each value, and bodies stay bytes.
  const events = `INSERT INTO ${schema}.postern_events
      (id, receiver, key, event_id, topic, scope, provider, received, record, tasks, delivery, head, contents, body)
    SELECT id, receiver, key, event_id, topic, scope, provider, received, record, tasks, delivery, head, contents,
      CASE WHEN head IS NOT NULL THEN substring($2::bytea FROM start + 1 FOR size) END
    FROM json_to_recordset($1::json) AS e(id uuid, receiver text, key text, event_id text, topic text, scope text,
      provider text, received bigint, record text, tasks jsonb, delivery uuid, head text, contents smallint, start int, size int)
    ON CONFLICT (id) DO NOTHING RETURNING id`
  const deliveries = `INSERT INTO ${schema}.postern_deliveries (id, head, body)
    SELECT id, head, substring($2::bytea FROM start + 1 FOR size)
    FROM json_to_recordset($1::json) AS d(id uuid, head text, start int, size int)`

  return async (client, batch) => {
    const orders = batch.flatMap(({ items }) =>
      items.flatMap(({ jobs }) => jobs.flatMap((job) => job.data.order ?? [])),
    )
    await lockKeys(client, orders)
    const { refused, duplicates } = await guard(client, batch)
    const items = new Map<string, EncodedItem>()
    const intakes = batch.filter((intake) => !refused.has(intake))
    for (const intake of intakes)
      for (const item of intake.items)
        if (!duplicates.has(item) && !items.has(item.id)) items.set(item.id, item)
    const fresh = await insertEvents(client, [...items.values()])
    await insertDeliveries(client, intakes, fresh)
    const jobs = [...items.values()].flatMap((item) => (fresh.has(item.id) ? item.jobs : []))
    await insertJobs(engine, client, jobs, await turns.assign(client, jobs))
    if (orders.length > 0) await enqueue(client, schema, orderedOf(jobs, lineOf))
    const known = [...items.keys()].filter((id) => !fresh.has(id))
    const revived = known.length === 0 ? NONE : await revive(client, known)
    const told = new Set<string>()
    return batch.map((intake) =>
      intake.items.map((item): Taken => {
        if (refused.has(intake)) return 'refused'
        return duplicates.has(item) ? 'duplicate' : tell(item.id)
      }),
    )

    function tell(id: string): Taken {
      const first = !told.has(id)
      told.add(id)
      if (first && fresh.has(id)) return 'new'
      return first && revived.has(id) ? 'revived' : 'duplicate'
    }
  }

  async function insertEvents(
    client: PgExecutor,
    items: readonly EncodedItem[],
  ): Promise<ReadonlySet<string>> {
    // All processes use one order: two that store the same events wait for each other and do not deadlock.
    const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (items.length === 0) return NONE
    const { rows } = await client.executeSql(events, withBodies(sorted.map((item) => item.row)))
    const fresh = new Set<string>()
    for (const row of rows) fresh.add(row['id'] as string)
    return fresh
  }

  async function insertDeliveries(
    client: PgExecutor,
    batch: readonly EncodedIntake[],
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
