import type { InboxView, TaskFilter } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { unavailable } from './errors.ts'
import { dropEvents, dropJobs, jobsOfEvents, type EventTasks } from './event-jobs.ts'
import { where } from './filter.ts'
import { lockKeys, release } from './order.ts'
import type { Pending } from './capacity.ts'
import type { PgExecutor } from './pg.ts'
import type { PgBossPort } from './port.ts'
import { reviveJobs } from './revive.ts'

// Tasks changed in one transaction: few, so that locks are short.
const STEP = 200

/** What operators change. A filter over many tasks is worked off in steps; each step is one transaction. */
export function createChange(
  engine: Engine,
  pending: Pending,
  ports: () => readonly PgBossPort[],
  look: () => void,
): Pick<InboxView, 'replay' | 'discard' | 'prune'> {
  const { db, settings } = engine
  const { schema, window } = settings
  const lineOf = (queue: string): string =>
    ports().reduce((line, port) => port.lanes.lineOf(line), queue)

  return {
    async replay(filter) {
      const state = filter.state ?? 'dead'
      if (state !== 'dead' && state !== 'done') return 0
      const condition = state === 'dead' ? "j.state > 'completed'" : "j.state = 'completed'"
      const count = await each({ ...filter, state }, 'true', async (client, rows) => {
        const keys = rows.flatMap((row) => row.key ?? [])
        await reviveJobs(client, schema, lineOf, rows, keys, condition)
      })
      pending.free(-count)
      if (count > 0) look()
      return count
    },
    async discard(filter) {
      let open = 0
      const count = await each(
        filter,
        "(j.state < 'active' OR j.state > 'completed')",
        async (client, rows) => {
          await lockKeys(
            client,
            rows.flatMap((row) => row.key ?? []),
          )
          await dropJobs(client, schema, rows)
          await release(
            client,
            schema,
            rows.map((row) => row.id),
          )
          open += rows.filter((row) => row.pending).length
        },
      )
      pending.free(open)
      if (count > 0) look()
      return count
    },
    prune: (before) =>
      each({ before }, "j.state >= 'completed'", async (client, rows) => {
        await dropJobs(client, schema, rows)
        // An event stays known for its whole window: a redelivery must not run a settled sibling again.
        const old = rows.filter((row) => row.received < Date.now() - window)
        const found = await client.executeSql(
          `SELECT id, tasks FROM ${schema}.postern_events WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
          [[...new Set(old.map((row) => row.event))]],
        )
        const events = found.rows as unknown as EventTasks[]
        const left = await jobsOfEvents(engine, client, events)
        const over = events.filter(({ id }) => left.get(id)!.length === 0)
        await dropEvents(
          client,
          schema,
          over.map(({ id }) => id),
        )
      }),
  }

  /** Changes what matches, in order, and gives its number. */
  async function each(
    filter: TaskFilter,
    condition: string,
    change: (client: PgExecutor, rows: readonly TaskRow[]) => Promise<void>,
  ): Promise<number> {
    let count = 0
    let cursor: string | undefined
    for (;;) {
      const { sql, values } = where(filter, cursor)
      try {
        await engine.ready()
        const rows = await db.transaction(settings.deadline, async (client) => {
          // What a worker or a redelivery changes at this moment is skipped: it is not what the filter says any more.
          const { rows: found } = await client.executeSql(
            `SELECT j.id, j.name, j.state < 'active' AS pending, j.data->>'order' AS key, j.data->>'event' AS event,
               e.received::float8 AS received, (extract(epoch FROM j.created_on) * 1000000)::bigint AS at
             FROM ${schema}.postern_lanes l JOIN ${schema}.job j ON j.name = l.queue
             JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid
             WHERE ${condition} AND ${sql} ORDER BY j.created_on, j.id LIMIT ${STEP} FOR UPDATE OF j SKIP LOCKED`,
            values,
          )
          const tasks = found as unknown as TaskRow[]
          if (tasks.length > 0) await change(client, tasks)
          return tasks
        })
        count += rows.length
        const last = rows.at(-1)
        if (rows.length < STEP || !last) return count
        cursor = `${last.at}_${last.id}`
      } catch (error) {
        throw unavailable(error)
      }
    }
  }
}

interface TaskRow {
  readonly id: string
  readonly name: string
  readonly pending: boolean
  readonly key: string | null
  readonly event: string
  readonly received: number
  readonly at: string
}
