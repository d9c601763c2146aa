import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'
import { PARKED, type Turns } from './turns.ts'

/** Gives due failed tasks of fair keys the next turn of their key; they hold no turn while they wait. */
export interface Promote {
  /** Gives turns to those that are due; does nothing until the next `soon`. */
  run(): Promise<void>
  /** Some may be due: the next `run` looks. */
  soon(): void
  /** A task is due after these milliseconds: the first `run` after that looks. */
  dueIn(wait: number): void
}

const MOST = 500

/** Makes a {@link Promote}. `queues` returns the names of the queues: tasks of any may carry a fair key. */
export function createPromote(
  { db, settings, queues: known }: Engine,
  turns: Turns,
  queues: () => readonly string[],
): Promote {
  const { schema, deadline } = settings
  const ready = `SELECT j.id, j.name, j.data->>'fair' AS fair
    FROM unnest($1::text[]) AS w(name) CROSS JOIN LATERAL (
      SELECT j.id, j.name, j.data FROM ${schema}.job j
      WHERE j.name = w.name AND j.state < 'active' AND NOT j.blocked AND j.priority = ${PARKED} AND j.start_after <= now()
      ORDER BY j.priority DESC, j.created_on LIMIT ${MOST} FOR UPDATE SKIP LOCKED) j LIMIT ${MOST}`
  const set = `UPDATE ${schema}.job j SET priority = i.priority
    FROM unnest($1::text[], $2::uuid[], $3::int[]) AS i(name, id, priority) WHERE j.name = i.name AND j.id = i.id`
  let asked = true
  /** When parked tasks are due, by `performance.now()`. */
  let dues: number[] = []

  return {
    soon() {
      asked = true
    },
    dueIn(wait) {
      // Beyond so many the next poll finds them.
      if (dues.length < MOST) dues.push(performance.now() + wait)
    },
    async run() {
      const now = performance.now()
      if (!asked && !dues.some((due) => due <= now)) return
      asked = false
      dues = dues.filter((due) => due > now)
      const names = queues()
      if (names.length === 0) return
      // First a query without a transaction: mostly there are no such tasks.
      const { rows } = await db.executeSql(
        `SELECT EXISTS (${ready.replace('FOR UPDATE SKIP LOCKED', '')}) AS some`,
        [names],
      )
      if (rows[0]?.['some'] !== true) return
      try {
        if ((await db.transaction(deadline, (client) => step(client, names))) === MOST) asked = true
      } catch (error) {
        asked = true
        throw error
      }
    },
  }

  async function step(client: PgExecutor, names: readonly string[]): Promise<number> {
    const { rows } = await client.executeSql(ready, [names])
    const tasks = rows.flatMap((row) => {
      const queue = known.byName(row['name'] as string)
      return queue
        ? [{ id: row['id'] as string, queue, data: { fair: row['fair'] as string } }]
        : []
    })
    const priorities = await turns.assign(client, tasks)
    await client.executeSql(set, [
      tasks.map(({ queue }) => queue.name),
      tasks.map(({ id }) => id),
      tasks.map(({ id }) => priorities.get(id)),
    ])
    return rows.length
  }
}
