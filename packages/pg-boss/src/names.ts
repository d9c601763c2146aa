import type { Database } from './connection.ts'
import { queueNameOf } from './ids.ts'

/** A subscription's queue in pg-boss. */
export interface Queue {
  /** Number of its row in postern_lanes. */
  readonly id: number
  readonly name: string
  readonly receiver: string
  readonly subscription: string
}

/** The queues of all subscriptions this process knows of. */
export interface Queues {
  find(receiver: string, subscription: string): Queue | undefined
  byId(id: number): Queue | undefined
  byName(name: string): Queue | undefined
  /** Finds or makes them. */
  ensure(receiver: string, subscriptions: readonly string[]): Promise<void>
  /** Learns those other processes made. */
  load(): Promise<void>
  all(): readonly Queue[]
}

/** Makes the registry. */
export function createQueues(schema: string, db: Database): Queues {
  const byId = new Map<number, Queue>()
  const byName = new Map<string, Queue>()

  return {
    find: (receiver, subscription) => byName.get(queueNameOf(receiver, subscription)),
    byId: (id) => byId.get(id),
    byName: (name) => byName.get(name),
    all: () => [...byId.values()],
    load: () => load(''),
    async ensure(receiver, subscriptions) {
      // All processes use one order: two that make the same queues do not deadlock.
      const missing = [...new Set(subscriptions)]
        .map((subscription) => ({ subscription, name: queueNameOf(receiver, subscription) }))
        .filter(({ name }) => !byName.has(name))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      if (missing.length === 0) return
      const names = missing.map(({ name }) => name)
      // Not in a transaction with the deliveries: a queue without tasks does no harm. Two statements for any number of
      // queues: one by one, 5,000 take 20 seconds.
      await db.executeSql(
        `SELECT ${schema}.create_queue(name, '{"policy":"standard"}'::jsonb) FROM unnest($1::text[]) AS n(name)
         WHERE NOT EXISTS (SELECT 1 FROM ${schema}.queue q WHERE q.name = n.name)`,
        [names],
      )
      await db.executeSql(
        `INSERT INTO ${schema}.postern_lanes (queue, receiver, subscription)
         SELECT queue, $2, subscription FROM unnest($1::text[], $3::text[]) AS n(queue, subscription)
         ON CONFLICT DO NOTHING`,
        [names, receiver, missing.map(({ subscription }) => subscription)],
      )
      await load('WHERE queue = ANY($1::text[])', [names])
    },
  }

  async function load(where: string, values?: unknown[]): Promise<void> {
    const { rows } = await db.executeSql(
      `SELECT id, queue AS name, receiver, subscription FROM ${schema}.postern_lanes ${where}`,
      values,
    )
    for (const row of rows as unknown as Queue[]) {
      byId.set(row.id, row)
      byName.set(row.name, row)
    }
  }
}
