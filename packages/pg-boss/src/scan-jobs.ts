import type { Engine } from './engine.ts'
import { conditions, FAILING, numbered } from './filter.ts'
import { isOpen, receiversOf, type Scan, type Scanned } from './scan.ts'

// Open tasks that are sorted for a list: no index has them in order. With more, events of the newest are found soon.
const MOST_OPEN = 5000

/** Walks failed or open tasks in the order in which they were stored; undefined if too many are open. */
export function createJobScan(
  engine: Engine,
): (...given: Parameters<Scan>) => Promise<Scanned | undefined> {
  const { queues, settings } = engine
  const { schema } = settings

  return async (client, filter, { cursor, rows, ascending }) => {
    const names = queues
      .all()
      .filter(
        ({ receiver, subscription }) =>
          (filter.receiver ?? receiver) === receiver &&
          (filter.subscription ?? subscription) === subscription,
      )
      .map((queue) => queue.name)
    const [, at, id] = /^j(\d+)_([-0-9a-f]{36})$/.exec(cursor ?? '') ?? []
    // Microseconds, as PostgreSQL keeps them: a Date would round some away, and rows would come twice.
    const behind =
      at === undefined
        ? 'true'
        : `(j.created_on, j.id) ${ascending ? '>' : '<'} ('epoch'::timestamptz + ?::bigint * interval '1 microsecond', ?::uuid)`
    const index =
      filter.cause === undefined ? "j.state > 'completed'" : `j.output->>'cause' = ? AND ${FAILING}`
    const open = isOpen(filter)
    const order = `ORDER BY j.created_on ${ascending ? 'ASC' : 'DESC'}, j.id ${ascending ? 'ASC' : 'DESC'}`
    const openJobs = `SELECT j.* FROM ${schema}.job j WHERE j.name = ANY(?::text[])
      AND j.state ${filter.state === 'running' ? "= 'active'" : "IN ('created', 'retry')"} ${at === undefined ? `LIMIT ${MOST_OPEN + 1}` : ''}`
    // A walk must end by the index it began with: its cursor has no meaning for the other one.
    if (open && at === undefined) {
      const { rows: counted } = await client.executeSql(
        numbered(`SELECT count(*)::int AS count FROM (${openJobs}) o`),
        [names],
      )
      if ((counted[0]!['count'] as number) > MOST_OPEN) return undefined
    }
    const { event, task } = conditions(filter, receiversOf(engine))
    const { rows: found } = await client.executeSql(
      numbered(`SELECT j.name, j.id, (extract(epoch FROM j.created_on) * 1000000)::bigint AS at,
          ${event.sql} AND ${task.sql} AS meant
        FROM (
          SELECT j.* FROM ${
            open
              ? `(SELECT * FROM (${openJobs}) j WHERE ${behind})`
              : `unnest(?::text[]) AS n(name) CROSS JOIN LATERAL (
            SELECT j.* FROM ${schema}.job j WHERE j.name = n.name AND ${index} AND ${behind} ${order} LIMIT ${rows})`
          } j
          ${order} LIMIT ${rows}) j
        JOIN ${schema}.postern_lanes l ON l.queue = j.name
        JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid ${order}`),
      [
        ...event.values,
        ...task.values,
        names,
        ...(filter.cause === undefined ? [] : [filter.cause]),
        ...(at === undefined ? [] : [at, id]),
      ],
    )
    const places = found.map((row) => ({
      name: row['name'] as string,
      id: row['id'] as string,
      place: `j${String(row['at'])}_${String(row['id'])}`,
    }))
    const last = found.at(-1)
    return {
      tasks: places.filter((_, each) => found[each]!['meant'] === true),
      cursor: found.length < rows ? undefined : places.at(-1)?.place,
      to: last && Math.floor(Number(last['at']) / 1000),
    }
  }
}
