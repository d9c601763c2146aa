import type { Taken } from '@postern/core'
import type { Engine } from './engine.ts'
import { insertJobs } from './jobs.ts'
import { enqueue, lockKeys, orderedOf } from './order.ts'
import type { PgExecutor } from './pg.ts'
import { EVENT_COLUMNS, type PreparedIntake, type PreparedItem } from './prepare.ts'
import { createRevive } from './revive.ts'
import type { Store } from './writer.ts'

/** Makes what stores deliveries: their events, the jobs of new ones, and the revival of failed tasks of known ones. */
export function createStore(engine: Engine, lineOf: (queue: string) => string): Store {
  const { schema } = engine.settings
  const revive = createRevive(engine, lineOf)
  const rows = cached(
    (count) =>
      `INSERT INTO ${schema}.postern_events (${EVENT_COLUMNS}) VALUES ${placeholders(count, 12)} ON CONFLICT (id) DO NOTHING RETURNING id`,
  )
  const deliveries = cached(
    (count) =>
      `INSERT INTO ${schema}.postern_deliveries (id, head, body) VALUES ${placeholders(count, 3)}`,
  )

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
    const fresh = new Set<string>()
    for (let at = 0; at < sorted.length; at += CHUNK) {
      const chunk = sorted.slice(at, at + CHUNK)
      const values = chunk.flatMap((item) => item.row)
      const result = await client.executeSql(rows(chunk.length), values)
      for (const row of result.rows) fresh.add(row['id'] as string)
    }
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
    const values = shared.flatMap(({ id, head, body }) => [id, head, body])
    await client.executeSql(deliveries(shared.length), values)
  }
}

const NONE: ReadonlySet<string> = new Set()
// A statement takes 65535 values.
const CHUNK = 1000

function cached(make: (count: number) => string): (count: number) => string {
  const made = new Map<number, string>()
  return (count) => {
    let text = made.get(count)
    if (text === undefined) made.set(count, (text = make(count)))
    return text
  }
}

function placeholders(rows: number, columns: number): string {
  let next = 0
  return Array.from(
    { length: rows },
    () => `(${Array.from({ length: columns }, () => `$${++next}`).join(', ')})`,
  ).join(', ')
}
