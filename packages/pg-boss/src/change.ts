import {
  checkFilter,
  erasedError,
  inSteps,
  unknownOptions,
  type Changed,
  type ChangeOptions,
  type InboxView,
  type StepPlace,
  type TaskFilter,
} from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { dropEvents, dropJobs, jobsOfEvents, type EventTasks } from './event-jobs.ts'
import { isId } from './ids.ts'
import { lockKeys, release } from './order.ts'
import type { PgExecutor } from './pg.ts'
import { notErased, reviveJobs } from './revive.ts'
import { createScan } from './scan.ts'

/** The view as changes see it. */
export interface ChangeHost {
  readonly engine: Engine
  readonly lineOf: (queue: string) => string
  /** Adds to the number of pending tasks of a receiver; a negative number subtracts. */
  readonly pending: (receiver: string, more: number) => void
  /** A task of an event with this key was discarded. */
  readonly discarded: (receiver: string, key: string) => void
  /** Ready tasks may be there. */
  readonly look: () => void
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

const OPTIONS = ['dryRun', 'limit', 'cursor', 'until']
const OVER = "j.state >= 'completed'"

/** Changes by operators. A filter over many tasks is done in steps; each step is one transaction. */
export function createChange(host: ChangeHost): Pick<InboxView, 'replay' | 'discard' | 'prune'> {
  const { engine, lineOf, run } = host
  const { db, settings } = engine
  const { schema, window, deadline } = settings
  const scan = createScan(engine)

  return {
    async replay(filter, options = {}) {
      unknownOptions('replay', options, [...OPTIONS, 'rate'])
      const state = filter.state ?? 'dead'
      const replayed = REPLAYED[state]
      checkFilter(filter, 'replay')
      if (replayed === undefined) return { count: 0, cursor: undefined }
      if (filter.id !== undefined && (await run(() => isErased(filter.id!))))
        throw erasedError('replay', filter.id)
      const condition = `${replayed} AND ${notErased(schema)}`
      const changed = await each(
        { ...filter, state },
        condition,
        options,
        async (client, rows, due) => {
          const now = Date.now()
          await reviveJobs(
            client,
            schema,
            lineOf,
            rows.map((row, at) => ({ ...row, wait: Math.max(0, due(at) - now) })),
            rows.flatMap((row) => row.key ?? []),
            condition,
          )
          if (state !== 'pending') count(rows, 1)
        },
      )
      if (changed.count > 0) host.look()
      return changed
    },
    async discard(filter, options = {}) {
      unknownOptions('discard', options, OPTIONS)
      checkFilter(filter, 'discard')
      const changed = await each(
        filter,
        "(j.state < 'active' OR j.state > 'completed')",
        options,
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
          count(
            rows.filter((row) => row.pending),
            -1,
          )
          for (const row of rows) host.discarded(row.receiver, row.event_key)
        },
      )
      if (changed.count > 0) host.look()
      return changed
    },
    async prune(before) {
      const { count: pruned } = await each(
        { before },
        OVER,
        { limit: Number.MAX_SAFE_INTEGER },
        async (client, rows) => {
          await dropJobs(client, schema, rows)
          await forget(
            client,
            rows.filter((row) => row.received < Date.now() - window),
          )
        },
      )
      return pruned
    },
  }

  async function isErased(task: string): Promise<boolean> {
    if (!isId(task)) return false
    await engine.queues.load()
    const { rows } = await db.executeSql(
      `SELECT 1 FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.id = $2 AND NOT ${notErased(schema)}`,
      [engine.queues.all().map(({ name }) => name), task],
    )
    return rows.length > 0
  }

  /** Events stay known for their whole window: a redelivery must not run a settled sibling again. */
  async function forget(client: PgExecutor, rows: readonly TaskRow[]): Promise<void> {
    const found = await client.executeSql(
      `SELECT id, tasks FROM ${schema}.postern_events WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
      [[...new Set(rows.map((row) => row.event))]],
    )
    const events = found.rows as unknown as EventTasks[]
    const left = await jobsOfEvents(engine, client, events)
    await dropEvents(
      client,
      schema,
      events.flatMap(({ id }) => (left.get(id)!.length === 0 ? id : [])),
    )
  }

  function count(rows: readonly TaskRow[], sign: 1 | -1): void {
    for (const [receiver, group] of Map.groupBy(rows, (row) => row.receiver))
      host.pending(receiver, sign * group.length)
  }

  /** Changes matching tasks that fulfil `condition`, oldest first. */
  function each(
    filter: TaskFilter,
    condition: string,
    options: ChangeOptions & { readonly rate?: number },
    change: (client: PgExecutor, rows: readonly TaskRow[], due: StepPlace['due']) => Promise<void>,
  ): Promise<Changed> {
    return inSteps(options, (place) =>
      run(async () => {
        const { cursor, rows, dryRun } = place
        const found = await db.transaction(deadline, (client) =>
          scan(client, filter, { cursor, rows, ascending: true }),
        )
        // An event may have many tasks: those beyond the step come in the next one.
        const tasks = found.tasks.slice(0, rows)
        const next = tasks.length < found.tasks.length ? tasks.at(-1)!.place : found.cursor
        if (tasks.length === 0) return { count: 0, cursor: next }
        const counted = await db.transaction(deadline, async (client) => {
          // Tasks that a worker or a redelivery changes at this moment are skipped: they no longer match the filter.
          const { rows: locked } = await client.executeSql(
            `SELECT j.id, j.name, j.state < 'active' AS pending, j.data->>'order' AS key, j.data->>'event' AS event,
               e.received::float8 AS received, e.receiver, e.key AS event_key
             FROM ${schema}.job j JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid
             WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND ${condition}
             ORDER BY j.created_on, j.id ${dryRun ? '' : 'FOR UPDATE OF j SKIP LOCKED'}`,
            [[...new Set(tasks.map((task) => task.name))], tasks.map((task) => task.id)],
          )
          const matching = locked as unknown as readonly TaskRow[]
          if (!dryRun && matching.length > 0) await change(client, matching, (at) => place.due(at))
          return matching.length
        })
        return { count: counted, cursor: next }
      }),
    )
  }
}

const REPLAYED: Readonly<Partial<Record<string, string>>> = {
  dead: "j.state > 'completed'",
  done: "j.state = 'completed'",
  pending: "j.state < 'active' AND j.start_after > clock_timestamp()",
}

interface TaskRow {
  readonly id: string
  readonly name: string
  readonly receiver: string
  readonly pending: boolean
  readonly key: string | null
  readonly event: string
  readonly event_key: string
  readonly received: number
}
