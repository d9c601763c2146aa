import type { PgBoss } from 'pg-boss'
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
  /** Finds or makes them. */
  ensure(receiver: string, subscriptions: readonly string[]): Promise<void>
  /** Learns those other processes made. */
  load(): Promise<void>
  all(): readonly Queue[]
}

/** Makes the registry. */
export function createQueues(schema: string, db: Database, boss: () => PgBoss): Queues {
  const byId = new Map<number, Queue>()
  const byName = new Map<string, Queue>()

  return {
    find: (receiver, subscription) => byName.get(queueNameOf(receiver, subscription)),
    byId: (id) => byId.get(id),
    all: () => [...byId.values()],
    load,
    async ensure(receiver, subscriptions) {
      for (const subscription of subscriptions) {
        const name = queueNameOf(receiver, subscription)
        if (byName.has(name)) continue
        // Not in a transaction with the deliveries: a queue without tasks harms nobody.
        await boss().createQueue(name, { policy: 'standard' })
        await db.executeSql(
          `INSERT INTO ${schema}.postern_lanes (queue, receiver, subscription) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
          [name, receiver, subscription],
        )
        await load()
      }
    },
  }

  async function load(): Promise<void> {
    const { rows } = await db.executeSql(
      `SELECT id, queue AS name, receiver, subscription FROM ${schema}.postern_lanes`,
    )
    for (const row of rows as unknown as Queue[]) {
      byId.set(row.id, row)
      byName.set(row.name, row)
    }
  }
}
