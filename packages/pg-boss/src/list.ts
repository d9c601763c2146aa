import {
  checkFilter,
  decodeDelivery,
  decodeEvent,
  matches,
  type InboxView,
  type TaskDetail,
  type TaskError,
  type TaskInfo,
} from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { stateOf } from './filter.ts'
import { isId } from './ids.ts'
import type { PgExecutor } from './pg.ts'
import { createScan, type Found } from './scan.ts'

// Tasks of a page, and how long a search may take in milliseconds.
const PAGE = 100
const MOST = 1000
const BUDGET = 500
// Events or jobs of the first and the longest part of a walk.
const PART = 100
const LONGEST = 2000

/** Makes the lists of the view. `run` turns errors into ours. */
export function createList(
  engine: Engine,
  run: <T>(work: (db: PgExecutor) => Promise<T>) => Promise<T>,
): Pick<InboxView, 'list' | 'get'> {
  const { schema } = engine.settings
  const scan = createScan(engine)
  const columns = `j.id, j.state::text AS state, j.retry_count, j.started_on IS NOT NULL AS started,
    (j.data->>'base')::int AS base, COALESCE((j.data->>'cut')::int, 0) AS cut, j.data->>'part' AS part, j.output,
    extract(epoch FROM j.start_after)::float8 * 1000 AS due, extract(epoch FROM j.completed_on)::float8 * 1000 AS settled,
    e.event_id, e.topic, e.scope, e.key, e.provider, e.received::float8 AS received, l.receiver, l.subscription`
  const payload = 'e.record, COALESCE(d.head, e.head) AS head, COALESCE(d.body, e.body) AS body'
  const from = `FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS i(name, id, at) CROSS JOIN LATERAL (
      SELECT j.* FROM ${schema}.job j WHERE j.name = i.name AND j.id = i.id LIMIT 1) j
    JOIN ${schema}.postern_lanes l ON l.queue = j.name
    JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid`
  const delivery = `LEFT JOIN ${schema}.postern_deliveries d ON d.id = e.delivery`

  return {
    async list(query = {}) {
      const { limit = PAGE, cursor, budget = BUDGET, ...filter } = query
      checkFilter(filter, 'list')
      if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST))
        throw new TypeError(`list: limit must be a whole number from 1 to ${MOST}, got ${limit}`)
      return run(async (db) => {
        const until = Date.now() + budget
        const listed: { readonly task: TaskInfo; readonly place: string }[] = []
        let next = cursor
        let searchedTo: number | undefined
        let part = Math.max(PART, limit)
        for (;;) {
          const found = await scan(db, filter, { cursor: next, rows: part, ascending: false })
          listed.push(...(await read(db, found.tasks, filter, limit + 1 - listed.length)))
          searchedTo = found.to ?? searchedTo
          const last = listed.length > limit ? listed[limit - 1] : undefined
          const rows = listed.slice(0, limit).map(({ task }) => task)
          if (last) return page(rows, last.place, last.task.receivedAt)
          next = found.cursor
          if (next === undefined) return page(rows, undefined, undefined)
          if (Date.now() >= until) return page(rows, next, searchedTo)
          part = Math.min(part * 2, LONGEST)
        }
      })
    },
    get: (id) =>
      isId(id)
        ? run(async (db) => {
            await engine.queues.load()
            const names = engine.queues.all().map((queue) => queue.name)
            const { rows } = await db.executeSql(
              `SELECT ${columns}, ${payload} ${from} ${delivery}`,
              [names, names.map(() => id)],
            )
            return rows[0] && detail(rows[0] as unknown as DetailRow)
          })
        : Promise.resolve(undefined),
  }

  /** The first of the tasks found that the filter's text is in. */
  async function read(
    db: PgExecutor,
    found: readonly Found[],
    filter: NonNullable<Parameters<typeof matches>[0]>,
    most: number,
  ): Promise<readonly { readonly task: TaskInfo; readonly place: string }[]> {
    const tasks = filter.text === undefined ? found.slice(0, most) : found
    if (tasks.length === 0) return []
    const { rows } = await db.executeSql(
      `SELECT ${columns}${filter.text === undefined ? '' : `, ${payload}`} ${from}
       ${filter.text === undefined ? '' : delivery} ORDER BY i.at`,
      [tasks.map(({ name }) => name), tasks.map(({ id }) => id)],
    )
    const places = new Map(tasks.map(({ id, place }) => [id, place]))
    const fits = matches(filter.text === undefined ? {} : { text: filter.text })
    return (rows as unknown as DetailRow[])
      .map((row) => ({ row, task: info(row), place: places.get(row.id)! }))
      .filter(({ row, task }) => fits(task, () => detail(row).record.payload))
      .slice(0, most)
  }
}

function page(
  rows: readonly TaskInfo[],
  cursor: string | undefined,
  searchedTo: number | undefined,
) {
  return { rows, cursor, searchedTo }
}

function info(row: InfoRow): TaskInfo {
  const state = stateOf(row.state)
  const error = row.output === null ? undefined : toError(row.output)
  return {
    id: row.id,
    receiver: row.receiver,
    subscription: row.subscription,
    part: row.part === null ? undefined : (JSON.parse(row.part) as string),
    state,
    attempt: row.started ? Math.max(0, row.retry_count - row.base + 1) : 0,
    attempts: row.started ? row.retry_count + 1 : 0,
    interrupted: row.cut,
    due: state === 'pending' ? row.due : undefined,
    settledAt: state === 'done' || state === 'dead' ? (row.settled ?? undefined) : undefined,
    duration: row.output?.ms,
    error,
    cause: error && row.output?.cause,
    provider: row.provider,
    event: {
      id: row.event_id ?? undefined,
      topic: row.topic,
      scope: row.scope ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}

function detail(row: DetailRow): TaskDetail {
  const delivery = decodeDelivery(row.head, row.body)
  return { ...info(row), record: decodeEvent(row.record, delivery), delivery }
}

/** Errors that pg-boss stored itself (a dashboard's "fail") have another shape. */
function toError({ name = 'Error', message, stack, issues, value }: Output): TaskError | undefined {
  if (message === undefined)
    return value === undefined ? undefined : { name, message: JSON.stringify(value) }
  return { name, message, ...(stack && { stack }), ...(issues && { issues }) }
}

/** The output of a job: its error, its cause, and start, duration and process of its last attempt. */
interface Output extends Partial<TaskError> {
  readonly cause?: string
  readonly at?: number
  readonly ms?: number
  readonly by?: string
  readonly value?: unknown
}

interface InfoRow {
  readonly id: string
  readonly state: string
  readonly retry_count: number
  readonly started: boolean
  readonly base: number
  readonly cut: number
  readonly part: string | null
  readonly output: Output | null
  readonly due: number
  readonly settled: number | null
  readonly event_id: string | null
  readonly topic: string
  readonly scope: string | null
  readonly key: string
  readonly provider: string
  readonly received: number
  readonly receiver: string
  readonly subscription: string
}

interface DetailRow extends InfoRow {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}
