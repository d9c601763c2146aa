import type { TaskFilter } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { EventTasks } from './event-jobs.ts'
import { conditions, numbered } from './filter.ts'
import type { PgExecutor } from './pg.ts'
import { receiversOf, type Scan } from './scan.ts'

interface EventRow extends EventTasks {
  readonly received: number
}

/** Walks tasks in the order in which their events were received, by the indexes on events. */
export function createEventScan(engine: Engine): Scan {
  const { schema } = engine.settings

  return async (client, filter, { cursor, rows, ascending }) => {
    const [, at, last, after] =
      /^e(-?\d+)_([-0-9a-f]{36})_([-0-9a-f]{36})?$/.exec(cursor ?? '') ?? []
    // The walk goes on at the same event: it may have more tasks.
    const behind =
      at === undefined
        ? 'true'
        : `(e.received, e.id) ${ascending ? '>' : '<'}${after === undefined ? '' : '='} (?::bigint, ?::uuid)`
    const order = ascending ? 'ASC' : 'DESC'
    const { event } = conditions(filter, receiversOf(engine))
    const { rows: found } = await client.executeSql(
      numbered(`SELECT e.id, e.received::float8 AS received, e.tasks FROM ${schema}.postern_events e
        WHERE ${event.sql} AND ${behind} ORDER BY e.received ${order}, e.id ${order} LIMIT ${rows}`),
      [...event.values, ...(at === undefined ? [] : [at, last])],
    )
    const events = found as unknown as readonly EventRow[]
    const names = await meantTasks(engine, client, filter, events)
    const end = events.at(-1)
    return {
      tasks: events.flatMap(({ id, received, tasks }) =>
        tasks
          .map(([, task]) => task)
          .filter((task) => id !== last || after === undefined || isBehind(task, after))
          .toSorted((a, b) => (isBehind(b, a) ? -1 : 1))
          .flatMap((task) => {
            const name = names.get(task)
            return name === undefined ? [] : { name, id: task, place: `e${received}_${id}_${task}` }
          }),
      ),
      cursor: events.length < rows || !end ? undefined : `e${end.received}_${end.id}_`,
      to: end?.received,
    }

    function isBehind(task: string, other: string): boolean {
      return ascending ? task > other : task < other
    }
  }
}

/** Queues of those tasks of events that the filter means. */
export async function meantTasks(
  { queues, settings }: Engine,
  client: PgExecutor,
  filter: TaskFilter,
  events: readonly EventRow[],
): Promise<ReadonlyMap<string, string>> {
  const tasks = events.flatMap((event) => event.tasks)
  if (tasks.length === 0) return new Map()
  if (tasks.some(([lane]) => queues.byId(lane) === undefined)) await queues.load()
  const { task } = conditions(filter, [])
  // A look-up for each task, whatever PostgreSQL expects: from a plain join it may read all jobs.
  const { rows } = await client.executeSql(
    numbered(`SELECT j.name, j.id FROM unnest(?::text[], ?::uuid[]) AS i(name, id) CROSS JOIN LATERAL (
        SELECT j.* FROM ${settings.schema}.job j WHERE j.name = i.name AND j.id = i.id LIMIT 1) j
      JOIN ${settings.schema}.postern_lanes l ON l.queue = j.name WHERE ${task.sql}`),
    [tasks.map(([lane]) => queues.byId(lane)!.name), tasks.map(([, job]) => job), ...task.values],
  )
  return new Map(rows.map((row) => [row['id'] as string, row['name'] as string]))
}
