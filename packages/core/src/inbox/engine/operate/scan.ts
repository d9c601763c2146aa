import { hashOf } from '../server.ts'
import { eventOf, STATES, TASKS } from '../row.ts'
import { numberOf, placeByTime } from './search.ts'
import {
  NO_TASK,
  type FullRow,
  type InfoRow,
  type Place,
  type Scan,
  type Scanned,
} from './store.ts'

/** Adds values to a statement. Each method returns the SQL text for its value. */
interface ScanValues {
  readonly text: (value: string) => string
  readonly whole: (value: number) => string
  readonly number: (value: number) => string
  /** Returns a condition that is true if the column has one of these values. */
  readonly among: (column: string, values: readonly number[]) => string
}

/** Runs the statement that `write` returns, with the values that it added to `values`. */
export type ScanRun = <Row>(
  write: (values: ScanValues) => string | Promise<string>,
) => Promise<readonly Row[]>

/**
 * The parts of a list's statements that differ between databases. In SQL, `t` is the tasks, `e` the events and `d` the
 * deliveries.
 */
interface ScanDialect {
  /**
   * Lists of columns: `info` of a task with its event, `ofEvent` of an event, `contents` of an event's contents.
   * `delivery` is the join for the contents, if needed.
   */
  readonly info: string
  readonly ofEvent: string
  readonly contents: string
  readonly delivery: string
  /** The condition that joins a task to its event. */
  readonly event: string
  /** The keyword of a join that keeps the order of its tables, if the database has such a join. */
  readonly join: string
  /** Text after a table name that forces the database to use the primary key. */
  readonly byPrimary: string
  /** Returns `SELECT t.* … WHERE …` for dead tasks, or for tasks with a cause (error group). */
  failed(want: Scan, values: ScanValues): string
  /** Returns `SELECT t.* …` for pending or running tasks. */
  open(want: Scan, values: ScanValues): string
  eventId(id: string, values: ScanValues): string
  /** Returns a condition that is true if the event has one of these identities (receiver and key, as a hash). */
  identities(hashes: readonly string[], values: ScanValues): string
  topic(topic: string, values: ScanValues): string
  topicPrefix(prefix: string, values: ScanValues): string
  topicPattern(source: string, values: ScanValues): string
  /** Converts a row and its contents, as the driver returns them. @default unchanged */
  row?(row: InfoRow): InfoRow | FullRow
}

/** The methods that read lists from a database. */
interface TableLists {
  /** Implements `Viewed.scan` on a given connection. */
  readonly scan: (run: ScanRun, want: Scan) => Promise<Scanned>
  /** Implements `Viewed.placeOf`. */
  readonly placeOf: (row: InfoRow, want: Pick<Scan, 'filter'>) => Place
  /** Implements `Viewed.detail`. */
  detail(run: ScanRun, id: number): Promise<FullRow | undefined>
}

// Maximum number of open tasks that are sorted for a list, since no index has them in order. If there are more, a list
// walks over recent events instead, which soon finds some of them.
const MOST_OPEN = 5000

/** Makes the methods that read lists from the tables `postern_tasks` and `postern_events`. */
export function createTableLists(dialect: ScanDialect): TableLists {
  const { info, ofEvent, contents, delivery, join, byPrimary } = dialect
  const shown = (rows: readonly InfoRow[]): readonly (InfoRow | FullRow)[] =>
    dialect.row ? rows.map((row) => dialect.row!(row)) : rows
  return {
    async scan(run, want) {
      const byTasks = want.of === 'tasks' && (isFailing(want) || (await isShort(run, want)))
      return byTasks ? overTasks(run, want) : overEvents(run, want)
    },
    placeOf,
    async detail(run, id) {
      const rows = await run<FullRow>(
        ({ whole }) =>
          `SELECT ${info}, t.data, ${contents} FROM $.postern_tasks t ${join} $.postern_events e ON ${dialect.event} ${delivery} WHERE t.id = ${whole(id)}`,
      )
      return shown(rows)[0] as FullRow | undefined
    },
  }

  /** Returns true if only few open tasks match, so that the search can start from the tasks. */
  async function isShort(run: ScanRun, want: Scan): Promise<boolean> {
    const { state, id, eventId, keys } = want.filter
    if ((state !== 'pending' && state !== 'running') || (id ?? eventId ?? keys) !== undefined)
      return false
    const [row] = await run<{ n: number }>(
      (values) =>
        `SELECT count(*) AS n FROM (SELECT 1 FROM (${dialect.open(want, values)}) t LIMIT ${MOST_OPEN + 1}) c`,
    )
    return Number(row!.n) <= MOST_OPEN
  }

  /**
   * Searches tasks first, then their events. Failed tasks are ordered by id, which is roughly the order of arrival.
   * Open tasks are ordered by arrival, as in other lists.
   */
  async function overTasks(run: ScanRun, want: Scan): Promise<Scanned> {
    const { after, width, limit, full } = want
    const failing = isFailing(want)
    const [beyond, order] = walkOf(want)
    const rows = await run<InfoRow & { readonly meant: boolean }>(async (values) => {
      const source = failing ? dialect.failed(want, values) : dialect.open(want, values)
      const rest = after
        ? `AND t.id ${beyond} ${values.whole(after[1])} AND ${values.whole(after[0])} = 0`
        : ''
      const conditions = [
        ...taskConditions(want, values),
        ...eventConditions(want, values),
        ...(await lookedUp(run, want, values)),
      ]
      return `SELECT ${info}${full ? `, t.data, ${contents}` : ''}, ${conditions.join(' AND ') || '1 = 1'} AS meant
       FROM (${failing ? `${source} ${rest} ORDER BY t.id ${order} LIMIT ${width}` : source}) t
       ${join} $.postern_events e ON ${dialect.event} ${full ? delivery : ''}
       ${failing ? '' : `WHERE ${behind(want, 't.id', after?.[1], values)}`}
       ORDER BY ${failing ? '' : `e.received ${order},`} t.id ${order} LIMIT ${width}`
    })
    const meant = rows.filter((row) => row.meant)
    const isCut = meant.length > limit
    const last = isCut ? meant[limit - 1] : rows.at(-1)
    return {
      rows: shown(meant.slice(0, limit)),
      to: (isCut || rows.length === width) && last ? placeOf(last, want) : undefined,
      searchedTo: last?.received,
    }
  }

  /** Searches events first, in order of arrival, then their tasks. */
  async function overEvents(run: ScanRun, want: Scan): Promise<Scanned> {
    const { after, width, limit, full, receiver, oldest } = want
    const [beyond, order] = walkOf(want)
    const seen = await run<{ id: number; received: number }>(async (values) => {
      const conditions = [
        // The first condition lets an index on the time be used. The event at `after` itself may have more tasks.
        ...(after
          ? [
              `e.received ${beyond}= ${values.whole(after[0])}`,
              `(e.received ${beyond} ${values.whole(after[0])} OR e.id ${beyond}= ${values.whole(eventOf(after[1]))})`,
            ]
          : []),
        ...(want.passing ? ['e.contents = 1'] : []),
        ...(await lookedUp(run, want, values)),
      ]
      return `SELECT e.id, e.received FROM $.postern_events e WHERE ${conditions.join(' AND ') || '1 = 1'}
       ORDER BY e.received ${order}, e.id ${order} LIMIT ${width}`
    })
    if (seen.length === 0) return { rows: [], to: undefined, searchedTo: undefined }
    const tasks = want.of === 'tasks'
    const id = tasks ? 't.id' : 'e.id'
    const rows = await run<InfoRow>((values) => {
      const conditions = [
        values.among(
          'e.id',
          seen.map((row) => Number(row.id)),
        ),
        ...eventConditions(want, values),
        ...(tasks
          ? taskConditions(want, values)
          : receiver === undefined
            ? []
            : [`e.receiver = ${values.text(receiver)}`]),
        behind(want, id, after && (tasks ? after[1] : eventOf(after[1])), values),
      ]
      return `SELECT ${tasks ? info : ofEvent}${full ? `, ${tasks ? 't.data, ' : ''}${contents}` : ''}
       FROM $.postern_events e ${byPrimary} ${tasks ? `${join} $.postern_tasks t ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}` : ''} ${full ? delivery : ''}
       WHERE ${conditions.join(' AND ')} ORDER BY e.received ${order}, ${id} ${order} LIMIT ${limit + 1}`
    })
    const page = shown(rows.slice(0, limit).map((row) => ({ ...NO_TASK, ...row })))
    if (rows.length > limit) {
      const end = page.at(-1)!
      return { rows: page, to: placeOf(end, { filter: {} }), searchedTo: end.received }
    }
    const last = seen.at(-1)!
    const [number, received] = [Number(last.id), Number(last.received)]
    const to = [received, number * TASKS + (oldest ? TASKS - 1 : 0)] as const
    return { rows: page, to: seen.length < width ? undefined : to, searchedTo: received }
  }

  /** Returns conditions on events that no index supports. They filter rows that other conditions found. */
  function eventConditions({ filter, topic }: Scan, values: ScanValues): readonly string[] {
    return [
      ...(filter.provider === undefined ? [] : [`e.provider = ${values.text(filter.provider)}`]),
      ...(topic === undefined || topic.exact !== undefined
        ? []
        : [dialect.topicPattern(topic.source, values)]),
    ]
  }

  /** Returns conditions on events that an index supports. */
  async function lookedUp(
    run: ScanRun,
    { filter, topic, receiver }: Scan,
    values: ScanValues,
  ): Promise<readonly string[]> {
    const { id, eventId, keys, before, after } = filter
    const all: string[] = []
    if (id !== undefined) all.push(`e.id = ${values.whole(eventOf(numberOf(id)))}`)
    if (eventId !== undefined) all.push(dialect.eventId(eventId, values))
    if (keys !== undefined) {
      const owners = receiver === undefined ? await receivers(run) : [receiver]
      const hashes = owners.flatMap((each) => keys.map((key) => hashOf(each, key)))
      all.push(dialect.identities(hashes, values))
    }
    if (topic?.exact !== undefined) all.push(dialect.topic(topic.exact, values))
    else if (topic && topic.prefix !== '') all.push(dialect.topicPrefix(topic.prefix, values))
    if (before !== undefined) all.push(`e.received < ${values.number(before)}`)
    if (after !== undefined) all.push(`e.received > ${values.number(after)}`)
    return all
  }
}

/**
 * Returns the place of a row in its list: by time and id. For failed tasks, by id only, since their index has this
 * order.
 */
function placeOf(row: InfoRow, want: Pick<Scan, 'filter'>): Place {
  const [received, id] = placeByTime(row)
  return [isFailing(want) ? 0 : received, id]
}

function isFailing({ filter: { state, cause } }: Pick<Scan, 'filter'>): boolean {
  return cause !== undefined || state === 'dead'
}

function walkOf({ oldest }: Scan): readonly [beyond: '>' | '<', order: 'ASC' | 'DESC'] {
  return oldest ? ['>', 'ASC'] : ['<', 'DESC']
}

/** Returns a condition that is true for rows after the place `after`, in the list's order of time. */
function behind(
  { after, oldest }: Scan,
  id: string,
  place: number | undefined,
  { whole }: ScanValues,
): string {
  if (!after) return '1 = 1'
  const beyond = oldest ? '>' : '<'
  return `(e.received ${beyond} ${whole(after[0])} OR (e.received = ${whole(after[0])} AND ${id} ${beyond} ${whole(place!)}))`
}

function taskConditions({ filter, lanes }: Scan, values: ScanValues): readonly string[] {
  const { part, state, cause, id } = filter
  const all: string[] = []
  if (lanes !== undefined) all.push(values.among('t.lane', lanes))
  if (part !== undefined) all.push(`t.part = ${values.text(part)}`)
  if (state !== undefined) all.push(`t.state = ${STATES.indexOf(state)}`)
  if (cause !== undefined) all.push(`t.cause = ${values.text(cause)} AND t.state <> 2`)
  if (id !== undefined) all.push(`t.id = ${values.whole(numberOf(id))}`)
  return all
}

async function receivers(run: ScanRun): Promise<readonly string[]> {
  const rows = await run<{ receiver: string }>(
    () => 'SELECT DISTINCT receiver FROM $.postern_lanes',
  )
  return rows.map(({ receiver }) => receiver)
}
