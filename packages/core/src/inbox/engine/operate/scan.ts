import type { MaybePromise } from '../../../basics/maybe.ts'
import { hashOf } from '../server.ts'
import type { ScanRun, ScanValues } from '../table-sql.ts'
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

/** Differences between databases. In SQL, `t` is the tasks, `e` the events and `d` the deliveries. */
interface ScanDialect extends EventFilters {
  /** The column by which lists sort events. `id` is for databases whose event numbers follow the order of arrival. */
  readonly order: 'received' | 'id'
  /**
   * Lists of columns: `info` for a task with its event, `ofEvent` for an event, and `contents` for an event's contents.
   * `delivery` is the join that `contents` needs.
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
  /** Returns `SELECT t.* …` for dead tasks, or for tasks with a cause (error group). */
  failed(want: Scan, values: ScanValues): string
  /** Returns `SELECT t.* …` for pending or running tasks. */
  open(want: Scan, values: ScanValues): string
  /** Converts a row and its contents, as the driver returns them. @default unchanged */
  row?(row: InfoRow): InfoRow | FullRow
}

interface EventFilters {
  /** Returns conditions that an index supports. A list reads only events that meet these conditions. */
  found(want: Scan, values: ScanValues, run: ScanRun): MaybePromise<readonly string[]>
  /** Returns conditions that no index supports. They are checked for each event that a list reads. */
  filtered(want: Scan, values: ScanValues): readonly string[]
  /**
   * True if `filtered` compares only the start of a topic pattern. JavaScript must then compare the rest.
   * @default false
   */
  readonly onlyPrefix?: boolean
}

/** Conditions on the indexed columns of a database server. */
interface IndexedColumns {
  eventId(id: string, values: ScanValues): string
  /** Returns a condition that is true if the event has one of these identities (receiver and key, as a hash). */
  identities(hashes: readonly string[], values: ScanValues): string
  topic(topic: string, values: ScanValues): string
  topicPrefix(prefix: string, values: ScanValues): string
  topicPattern(source: string, values: ScanValues): string
}

/** Makes the filters for a database server that has indexes on time, id, identity and topic of events. */
export function byColumns(columns: IndexedColumns): EventFilters {
  return {
    async found({ filter, topic, receiver }, values, run) {
      const { id, eventId, keys, before, after } = filter
      const all: string[] = []
      if (id !== undefined) all.push(`e.id = ${values.whole(eventOf(numberOf(id)))}`)
      if (eventId !== undefined) all.push(columns.eventId(eventId, values))
      if (keys !== undefined) {
        const owners = receiver === undefined ? await receivers(run) : [receiver]
        const hashes = owners.flatMap((each) => keys.map((key) => hashOf(each, key)))
        all.push(columns.identities(hashes, values))
      }
      if (topic?.exact !== undefined) all.push(columns.topic(topic.exact, values))
      else if (topic && topic.prefix !== '') all.push(columns.topicPrefix(topic.prefix, values))
      if (before !== undefined) all.push(`e.received < ${values.number(before)}`)
      if (after !== undefined) all.push(`e.received > ${values.number(after)}`)
      return all
    },
    filtered({ of, filter, topic, receiver }, values) {
      const all: string[] = []
      if (filter.provider !== undefined) all.push(`e.provider = ${values.text(filter.provider)}`)
      if (topic && topic.exact === undefined) all.push(columns.topicPattern(topic.source, values))
      if (of === 'events' && receiver !== undefined)
        all.push(`e.receiver = ${values.text(receiver)}`)
      return all
    },
  }
}

/** The next events of a list. */
interface Stretch {
  readonly count: number
  /** The ids of the events. For a list that is sorted by id, only the lowest and the highest id. */
  readonly ids: readonly number[]
  /** The id and the arrival time of the last event. */
  readonly last: number
  readonly received: number
}

interface TableLists {
  /** Implements `Viewed.scan` on a given connection. */
  readonly scan: (run: ScanRun, want: Scan) => Promise<Scanned>
  readonly placeOf: (row: InfoRow, want: Pick<Scan, 'filter'>) => Place
  detail(run: ScanRun, id: number): Promise<FullRow | undefined>
}

// Maximum number of open tasks that a list sorts. No index has open tasks in order. If there are more, the list reads
// recent events instead, and soon finds open tasks there.
const MOST_OPEN = 5000

/** Makes the methods that read lists from the tables `postern_tasks` and `postern_events`. */
export function createTableLists(dialect: ScanDialect): TableLists {
  const { order, info, ofEvent, contents, delivery, join, byPrimary } = dialect
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
   * Searches tasks first, then their events. Failed tasks are sorted by id, which is roughly the order of arrival. Open
   * tasks are sorted by arrival, as in other lists.
   */
  async function overTasks(run: ScanRun, want: Scan): Promise<Scanned> {
    const { after, width, limit, full } = want
    const failing = isFailing(want)
    const byId = failing || order === 'id'
    const [beyond, direction] = walkOf(want)
    const rows = await run<InfoRow & { readonly meant: boolean }>(async (values) => {
      const source = failing ? dialect.failed(want, values) : dialect.open(want, values)
      const rest = after
        ? `WHERE t.id ${beyond} ${values.whole(after[1])} ${failing ? `AND ${values.whole(after[0])} = 0` : ''}`
        : ''
      const conditions = [
        ...taskConditions(want, values),
        ...dialect.filtered(want, values),
        ...(await found(want, values, run)),
      ]
      return `SELECT ${info}${full ? `, t.data, ${contents}` : ''}, ${conditions.join(' AND ') || '1 = 1'} AS meant
       FROM (${byId ? `SELECT * FROM (${source}) t ${rest} ORDER BY t.id ${direction} LIMIT ${width}` : source}) t
       ${join} $.postern_events e ON ${dialect.event} ${full ? delivery : ''}
       ${byId ? '' : `WHERE ${behind(want, 't.id', after?.[1], values)}`}
       ORDER BY ${byId ? '' : `e.received ${direction},`} t.id ${direction} LIMIT ${width}`
    })
    const meant = matching(
      want,
      rows.filter((row) => row.meant),
    )
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
    const { after, width, limit, full, oldest } = want
    const [, direction] = walkOf(want)
    const seen = await eventsOf(run, want)
    if (!seen) return { rows: [], to: undefined, searchedTo: undefined }
    const tasks = want.of === 'tasks'
    const id = tasks ? 't.id' : 'e.id'
    // If JavaScript checks the rows, the number of matching rows is unknown, so the limit is `width`.
    const most = isChecked(want) ? width : limit + 1
    const rows = await run<InfoRow>(async (values) => {
      const conditions = [
        ...(await among(want, seen, values, run)),
        ...dialect.filtered(want, values),
        ...(tasks ? taskConditions(want, values) : []),
        behind(want, id, after && (tasks ? after[1] : eventOf(after[1])), values),
      ]
      return `SELECT ${tasks ? info : ofEvent}${full ? `, ${tasks ? 't.data, ' : ''}${contents}` : ''}
       FROM $.postern_events e ${byPrimary} ${tasks ? `${join} $.postern_tasks t ${byPrimary} ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}` : ''} ${full ? delivery : ''}
       WHERE ${conditions.join(' AND ')} ORDER BY e.${order} ${direction}, ${id} ${direction} LIMIT ${most}`
    })
    const all = rows.map((row) => ({ ...NO_TASK, ...row }))
    const meant = matching(want, all)
    const page = shown(meant.slice(0, limit))
    const end = meant.length > limit ? meant[limit - 1] : rows.length === most && all.at(-1)
    if (end) return { rows: page, to: placeOf(end, { filter: {} }), searchedTo: end.received }
    const { last, received } = seen
    const to = [order === 'id' ? last : received, last * TASKS + (oldest ? TASKS - 1 : 0)] as const
    return { rows: page, to: seen.count < width ? undefined : to, searchedTo: received }
  }

  /**
   * Finds the next events of a list, at most `width`. For a list by id, returns only the first and the last id:
   * returning each event would cost more than finding it.
   */
  async function eventsOf(run: ScanRun, want: Scan): Promise<Stretch | undefined> {
    const { after, width, oldest } = want
    const [beyond, direction] = walkOf(want)
    const events = async (values: ScanValues): Promise<string> => {
      const conditions = [
        // The first condition allows an index on the time. The event at `after` is included, since it may have more
        // tasks.
        ...(after
          ? [
              `e.${order} ${beyond}= ${values.whole(after[0])}`,
              `(e.${order} ${beyond} ${values.whole(after[0])} OR e.id ${beyond}= ${values.whole(eventOf(after[1]))})`,
            ]
          : []),
        ...(await found(want, values, run)),
      ]
      return `SELECT e.id, e.received FROM $.postern_events e WHERE ${conditions.join(' AND ') || '1 = 1'}
       ORDER BY e.${order} ${direction}, e.id ${direction} LIMIT ${width}`
    }
    if (order === 'id') {
      const [row] = await run<{ n: number; low: number; high: number; received: number }>(
        async (values) => `SELECT s.n, s.low, s.high, e.received
         FROM (SELECT count(*) AS n, min(y.id) AS low, max(y.id) AS high FROM (${await events(values)}) y) s
         ${join} $.postern_events e ON e.id = s.${oldest ? 'high' : 'low'}`,
      )
      if (!row) return undefined
      const { n: count, low, high, received } = row
      return { count, ids: [low, high], last: oldest ? high : low, received }
    }
    const rows = await run<{ id: number; received: number }>(events)
    const last = rows.at(-1)
    if (!last) return undefined
    const ids = rows.map(({ id }) => Number(id))
    return { count: rows.length, ids, last: ids.at(-1)!, received: Number(last.received) }
  }

  /**
   * Returns conditions that select these events. A list by id uses a range of ids, since the database reads a range
   * faster.
   */
  async function among(
    want: Scan,
    { ids }: Stretch,
    values: ScanValues,
    run: ScanRun,
  ): Promise<readonly string[]> {
    if (order !== 'id') return [values.among('e.id', ids)]
    return [
      `e.id BETWEEN ${values.whole(ids[0]!)} AND ${values.whole(ids[1]!)}`,
      ...(await found(want, values, run)),
    ]
  }

  async function found(want: Scan, values: ScanValues, run: ScanRun): Promise<readonly string[]> {
    const all = await dialect.found(want, values, run)
    return want.passing ? ['e.contents = 1', ...all] : all
  }

  /** Returns the place of a row in its list. Lists of failed tasks are sorted only by id, the order of their index. */
  function placeOf(row: InfoRow, want: Pick<Scan, 'filter'>): Place {
    const [received, id] = placeByTime(row)
    return [isFailing(want) ? 0 : order === 'id' ? row.event : received, id]
  }

  /** Returns a condition that is true for rows after the place `after`, in the list's order. */
  function behind(
    { after, oldest }: Scan,
    id: string,
    place: number | undefined,
    { whole }: ScanValues,
  ): string {
    if (!after) return '1 = 1'
    const beyond = oldest ? '>' : '<'
    return `(e.${order} ${beyond} ${whole(after[0])} OR (e.${order} = ${whole(after[0])} AND ${id} ${beyond} ${whole(place!)}))`
  }

  /** Returns true if SQL checks only the start of the topic. JavaScript must then check the rows. */
  function isChecked({ topic }: Scan): boolean {
    return dialect.onlyPrefix === true && topic !== undefined && topic.exact === undefined
  }

  function matching<Row extends InfoRow>(want: Scan, rows: readonly Row[]): readonly Row[] {
    return isChecked(want) ? rows.filter((row) => want.fits(row)) : rows
  }
}

function isFailing({ filter: { state, cause } }: Pick<Scan, 'filter'>): boolean {
  return cause !== undefined || state === 'dead'
}

function walkOf({ oldest }: Scan): readonly [beyond: '>' | '<', order: 'ASC' | 'DESC'] {
  return oldest ? ['>', 'ASC'] : ['<', 'DESC']
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
