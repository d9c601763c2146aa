import {
  decodeDelivery,
  decodeEvent,
  type InboxView,
  type TaskError,
  type TaskInfo,
  type TaskState,
} from '@postern/core/inbox'
import { createChange } from './change.ts'
import type { Engine } from './engine.ts'
import { unavailable } from './errors.ts'
import { stateOf, where } from './filter.ts'
import { isId } from './ids.ts'
import type { Pending } from './capacity.ts'
import type { PgBossPort } from './port.ts'

/** What operators see and do. */
export function createView(
  engine: Engine,
  pending: Pending,
  ports: () => readonly PgBossPort[],
  look: () => void,
): InboxView {
  const { db, settings } = engine
  const { schema } = settings
  const from = `FROM ${schema}.postern_lanes l JOIN ${schema}.job j ON j.name = l.queue
    JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid`
  const columns = `j.id, j.state::text AS state, j.retry_count, j.started_on IS NOT NULL AS started,
    (j.data->>'base')::int AS base, j.data->>'part' AS part, j.output,
    extract(epoch FROM j.start_after)::float8 * 1000 AS due, (extract(epoch FROM j.created_on) * 1000000)::bigint AS at,
    e.event_id, e.topic, e.scope, e.key, e.received::float8 AS received, l.receiver, l.subscription`

  return {
    async list({ limit = 100, cursor, ...filter } = {}) {
      const { sql, values } = where(filter, cursor)
      const rows = await run<InfoRow>(
        `SELECT ${columns} ${from} WHERE ${sql} ORDER BY j.created_on, j.id LIMIT ${Math.floor(limit) + 1}`,
        values,
      )
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return {
        tasks: page.map(info),
        cursor: rows.length > limit && last ? `${last.at}_${last.id}` : undefined,
      }
    },
    async get(id) {
      if (!isId(id)) return undefined
      const [row] = await run<DetailRow>(
        `SELECT ${columns}, e.record, COALESCE(d.head, e.head) AS head, COALESCE(d.body, e.body) AS body ${from}
         LEFT JOIN ${schema}.postern_deliveries d ON d.id = e.delivery WHERE j.id = $1`,
        [id],
      )
      if (!row) return undefined
      const delivery = decodeDelivery(row.head, row.body)
      return { ...info(row), record: decodeEvent(row.record, delivery), delivery }
    },
    async stats() {
      const rows = await run<CountRow>(
        `SELECT l.receiver, l.subscription, j.state::text AS state, count(j.id)::int AS count
         FROM ${schema}.postern_lanes l LEFT JOIN ${schema}.job j ON j.name = l.queue
         GROUP BY l.id, j.state ORDER BY l.id`,
        [],
      )
      const lanes = new Map<string, StatsOf>()
      for (const { receiver, subscription, state, count } of rows) {
        const key = JSON.stringify([receiver, subscription])
        const stats = lanes.get(key) ?? {
          receiver,
          subscription,
          counts: { pending: 0, running: 0, done: 0, dead: 0 },
        }
        if (state !== null) stats.counts[stateOf(state)] += count
        lanes.set(key, stats)
      }
      return [...lanes.values()]
    },
    async orphans() {
      const known = ports().flatMap((port) => port.lanes.all().flatMap((slot) => slot.queues))
      return run(
        `SELECT l.receiver, l.subscription, count(*)::int AS pending
         FROM ${schema}.postern_lanes l JOIN ${schema}.job j ON j.name = l.queue
         WHERE j.state < 'active' AND l.queue <> ALL($1::text[]) GROUP BY l.id ORDER BY l.id`,
        [known],
      )
    },
    ...createChange(engine, pending, ports, look),
  }

  async function run<Row>(text: string, values: unknown[]): Promise<readonly Row[]> {
    try {
      await engine.ready()
      return (await db.executeSql(text, values)).rows as unknown as Row[]
    } catch (error) {
      throw unavailable(error)
    }
  }
}

function info(row: InfoRow): TaskInfo {
  const state = stateOf(row.state)
  return {
    id: row.id,
    receiver: row.receiver,
    subscription: row.subscription,
    part: row.part === null ? undefined : (JSON.parse(row.part) as string),
    state,
    attempt: row.started ? row.retry_count - row.base + 1 : 0,
    due: state === 'pending' ? row.due : undefined,
    error: row.output === null ? undefined : toError(row.output),
    event: {
      id: row.event_id ?? undefined,
      topic: row.topic,
      scope: row.scope ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}

/** Errors that pg-boss stored itself (a dashboard's "fail", its supervision) have another shape. */
function toError(output: Partial<TaskError> & { readonly value?: unknown }): TaskError {
  if (typeof output.message === 'string') return { name: 'Error', ...output } as TaskError
  return { name: 'Error', message: JSON.stringify(output.value ?? output) }
}

interface InfoRow {
  readonly id: string
  readonly state: string
  readonly retry_count: number
  readonly started: boolean
  readonly base: number
  readonly part: string | null
  readonly output: Partial<TaskError> | null
  readonly due: number
  readonly at: string
  readonly event_id: string | null
  readonly topic: string
  readonly scope: string | null
  readonly key: string
  readonly received: number
  readonly receiver: string
  readonly subscription: string
}

interface DetailRow extends InfoRow {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

interface CountRow {
  readonly receiver: string
  readonly subscription: string
  readonly state: string | null
  readonly count: number
}

interface StatsOf {
  readonly receiver: string
  readonly subscription: string
  readonly counts: Record<TaskState, number>
}
