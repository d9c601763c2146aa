import { createHash } from 'node:crypto'
import {
  storable,
  type AttemptRow,
  type Before,
  type CauseRow,
  type ContentsRow,
  type Place,
  type StatsRow,
  type Viewed,
  TASKS,
  type FullRow,
  type InfoRow,
  type Scan,
  type Scanned,
  eraseIn,
  eventOf,
  hashOf,
  STATES,
  type Store,
  numberOf,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import {
  CAUSES,
  CONTENTS_OF,
  DROP_EVENTS,
  EMPTY,
  LOCK_EVENTS,
  OF_TASK,
  PRUNE,
  RESTING,
  STATS,
} from '../sql/view.ts'
import { FORGET, ints, texts, CONTENTS, DELIVERY, EVENT, TASK } from '../sql/lines.ts'
import type { Database } from '../store/connection.ts'
import { readRow, type Sql, readNumber } from '../store/pg.ts'
import { idsOf, noteActions } from '../store/rows.ts'

/** Makes what operators read and change. */
export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  const { sql } = db
  return {
    // A deadline for each look, and no JIT: it costs more than most of them.
    scan: (want) => db.atomic(deadline, (within) => scan(within, want)),
    placeOf: rowPlace,
    detail: (id) => taskDetail(sql, id),
    stats: () => sql<StatsRow>(STATS),
    causes: (lanes) => sql<CauseRow>(CAUSES, [lanes === undefined ? null : ints(lanes)]),
    async version() {
      // Which transactions are over: it changes with each one that wrote, whoever made it.
      const seen = sql<{ text: string }>('SELECT pg_current_snapshot()::text AS text')
      return createHash('sha256')
        .update((await readRow(seen)).text)
        .digest()
        .readUIntBE(0, 6)
    },
    attempts: (task) => sql<AttemptRow>(OF_TASK, [task]),
    erase: (events, passing, empty, noted) =>
      db.atomic(deadline, async (within) => {
        const which = [ints(events), passing]
        const count = await eraseIn(
          {
            lock: () => within(LOCK_EVENTS, which),
            resting: async () => [...idsOf(await within(RESTING, which))],
            contents: (some) => within<ContentsRow>(CONTENTS_OF, [ints(some)]),
            write: (left) =>
              within(EMPTY, [
                ints(left.map(({ event }) => event)),
                texts(left.map(({ record }) => record)),
                texts(left.map(({ head }) => head)),
              ]),
          },
          empty,
        )
        const notes = noted(count)
        if (notes.length > 0) await noteActions(within, notes)
        return count
      }),
    async drop(events) {
      await sql(DROP_EVENTS, [ints(events)])
    },
    prune: (before, place) => db.atomic(deadline, (within) => prune(within, before, place)),
  }
}

async function prune(
  sql: Sql,
  before: Before,
  place: Place | undefined,
): Promise<Place | undefined> {
  const { done, dead, known, guards } = before
  if (place === undefined) await sql(FORGET, [known])
  const values = [place?.[0] ?? -1, place?.[1] ?? 0, done, dead, known, guards]
  const { received, id } = await readRow(
    sql<{ received: number | null; id: number }>(PRUNE, values),
  )
  return received === null ? undefined : [received, id]
}

// Columns of lists.
const OF_EVENT = `e.id::float8 AS event, e.provider, e.event_id AS "eventId", e.topic, e.tenant, e.key, e.received::float8 AS received,
  e.receiver, coalesce(e.contents, 0) = 2 AS erased`
const INFO = `${TASK}, t.runs, t.part, t.cause, ${OF_EVENT}`
const NO_TASK = `0 AS id, 0 AS lane, 2 AS state, 0 AS gate, false AS behind, 0 AS attempt, 0 AS token, 0 AS round, 0 AS cut, 0 AS charged,
  NULL AS line, NULL AS fair, 0 AS due, NULL AS took, NULL AS error, NULL AS fold, 0 AS runs, '' AS part, NULL AS cause, ${OF_EVENT}`
const FULL = `, t.data, ${CONTENTS}`

// Open tasks that are sorted for a list: no index has them in order. With more, the newest events have some soon.
const MOST_OPEN = 5000

/** A task with its contents. */
async function taskDetail(sql: Sql, id: number): Promise<FullRow | undefined> {
  const [row] = await sql<FullRow>(
    `SELECT ${INFO}${FULL} FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT} ${DELIVERY} WHERE t.id = $1::bigint`,
    [id],
  )
  return row
}

/** The place behind a row: the order of time, and of ids for lists that an index of failed or open tasks gives. */
function rowPlace(row: InfoRow, want: Pick<Scan, 'filter'>): Place {
  const id = row.id === 0 ? row.event * TASKS : row.id
  return [isFailing(want) ? 0 : row.received, id]
}

/** One step of a list. */
async function scan(sql: Sql, want: Scan): Promise<Scanned> {
  if (want.of === 'tasks' && (isFailing(want) || (await isShort(sql, want))))
    return byTasks(sql, want)
  return byEvents(sql, want)
}

function isFailing({ filter: { state, cause } }: Pick<Scan, 'filter'>): boolean {
  return cause !== undefined || state === 'dead'
}

/** True if few tasks are open: then they lead to events. */
async function isShort(sql: Sql, want: Scan): Promise<boolean> {
  const { state } = want.filter
  if ((state !== 'pending' && state !== 'running') || isLookedUp(want)) return false
  const made = open(want)
  const few = `SELECT count(*)::int AS n FROM (SELECT 1 FROM (${made.sql}) t LIMIT ${MOST_OPEN + 1}) c`
  return (await readNumber(sql(few, made.values))) <= MOST_OPEN
}

/** True if an index on events finds few tasks at once. */
function isLookedUp({ filter: { id, eventId, keys } }: Scan): boolean {
  return (id ?? eventId ?? keys) !== undefined
}

/** Failed tasks by id, which is about the order of arrival: an index has them so. Open ones in the order of all lists. */
async function byTasks(sql: Sql, want: Scan): Promise<Scanned> {
  const failing = isFailing(want)
  const [beyond, order] = walk(want)
  const source = failing ? failed(want) : open(want)
  const values = [...source.values]
  const add = adder(values)
  const after = want.after && [`${add(want.after[0])}::bigint`, `${add(want.after[1])}::bigint`]
  const from = failing
    ? `SELECT * FROM (${source.sql}) t ${after ? `WHERE t.id ${beyond} ${after[1]} AND ${after[0]} = 0` : ''} ORDER BY t.id ${order} LIMIT ${want.width}`
    : source.sql
  const behind = after && !failing ? `WHERE (e.received, t.id) ${beyond} (${after.join()})` : ''
  const conditions = [
    ...taskConditions(want, add),
    ...eventConditions(want, add),
    ...(await lookedUp(sql, want, add)),
  ]
  const rows = await sql<InfoRow & { readonly meant: boolean }>(
    `SELECT ${INFO}${want.full ? FULL : ''}, ${conditions.join(' AND ') || 'true'} AS meant
     FROM (${from}) t JOIN $.postern_events e ON ${EVENT} ${want.full ? DELIVERY : ''} ${behind}
     ORDER BY ${failing ? '' : `e.received ${order},`} t.id ${order} LIMIT ${want.width}`,
    values,
  )
  const meant = rows.filter((row) => row.meant)
  const cut = meant.length > want.limit
  const last = cut ? meant[want.limit - 1] : rows.at(-1)
  const more = cut || rows.length === want.width
  return {
    rows: meant.slice(0, want.limit),
    to: more && last ? rowPlace(last, want) : undefined,
    searchedTo: last?.received,
  }
}

/** Events in order of arrival lead to their tasks. */
async function byEvents(sql: Sql, want: Scan): Promise<Scanned> {
  const values: unknown[] = []
  const add = adder(values)
  const [beyond, order, back, farthest] = walk(want)
  const looked = await lookedUp(sql, want, add)
  const after = want.after && {
    received: `${add(want.after[0])}::bigint`,
    id: `${add(want.after[1])}::bigint`,
  }
  const behind = after
    ? `(e.received, e.id) ${beyond}= (${after.received}, ${after.id} / ${TASKS})`
    : 'true'
  const passing = want.passing ? 'e.contents = 1' : 'true'
  const inner = [behind, passing, ...looked].join(' AND ')
  const tasks = want.of === 'tasks'
  const outer = [
    ...eventConditions(want, add),
    ...(tasks
      ? taskConditions(want, add)
      : want.receiver === undefined
        ? []
        : [`e.receiver = ${add(storable(want.receiver))}`]),
    ...(after && tasks ? [`(e.received, t.id) ${beyond} (${after.received}, ${after.id})`] : []),
    ...(after && !tasks
      ? [`(e.received, e.id) ${beyond} (${after.received}, ${after.id} / ${TASKS})`]
      : []),
  ]
  const rows = await sql<InfoRow & { n: number; at: number | null; last: number | null }>(
    `WITH e AS MATERIALIZED (
       SELECT * FROM $.postern_events e WHERE ${inner} ORDER BY e.received ${order}, e.id ${order} LIMIT ${want.width}),
     z AS (SELECT count(*)::int AS n, ${farthest}(e.received)::float8 AS at,
       (SELECT l.id FROM e l ORDER BY l.received ${back}, l.id ${back} LIMIT 1)::float8 AS last FROM e)
     SELECT z.n, z.at, z.last, r.* FROM z LEFT JOIN (
       SELECT ${tasks ? INFO : NO_TASK}${want.full ? (tasks ? FULL : `, NULL AS data, ${CONTENTS}`) : ''}
       FROM e ${tasks ? `JOIN $.postern_tasks t ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}` : ''} ${want.full ? DELIVERY : ''}
       ${outer.length > 0 ? `WHERE ${outer.join(' AND ')}` : ''}
       ORDER BY e.received ${order}, ${tasks ? 't.id' : 'e.id'} ${order} LIMIT ${want.limit + 1}) r ON true`,
    values,
  )
  const { n, at, last } = rows[0]!
  const found = rows.filter((row) => row.event !== null)
  const page = found.slice(0, want.limit)
  if (found.length > want.limit) {
    const end = page.at(-1)!
    return {
      rows: page,
      to: [end.received, end.id === 0 ? end.event * TASKS : end.id],
      searchedTo: end.received,
    }
  }
  return {
    rows: page,
    to: n < want.width ? undefined : [at!, last! * TASKS + (want.oldest ? TASKS - 1 : 0)],
    searchedTo: at ?? undefined,
  }
}

/** How what is behind a place compares, the order of a walk and of the way back, and which time is farthest. */
function walk({
  oldest,
}: Scan): readonly [beyond: string, order: string, back: string, far: string] {
  return oldest ? ['>', 'ASC', 'DESC', 'max'] : ['<', 'DESC', 'ASC', 'min']
}

interface Source {
  readonly sql: string
  readonly values: unknown[]
}

function failed({ filter: { cause }, lanes }: Scan): Source {
  const its = lanes === undefined ? '' : `AND t.lane = ANY($1::int[])`
  const values = lanes === undefined ? [] : [ints(lanes)]
  if (cause === undefined)
    return { sql: `SELECT t.* FROM $.postern_tasks t WHERE t.state = 3 ${its}`, values }
  return {
    sql: `SELECT t.* FROM $.postern_tasks t WHERE t.cause IS NOT NULL AND t.cause = $${values.length + 1} ${its}`,
    values: [...values, cause],
  }
}

function open({ lanes, filter: { state } }: Scan): Source {
  const its = lanes === undefined ? '' : 'AND t.lane = ANY($1::int[])'
  const values = lanes === undefined ? [] : [ints(lanes)]
  if (state === 'running')
    return {
      sql: `SELECT t.* FROM $.postern_tasks t WHERE t.lease IS NOT NULL AND t.state = 1 ${its}`,
      values,
    }
  const of = (which: string): string =>
    `SELECT t.* FROM $.postern_tasks t WHERE t.state = 0 AND ${which} ${its}`
  return {
    sql: [
      of('t.gate = 0 AND NOT t.behind'),
      of('t.gate > 0 AND NOT t.behind'),
      of('t.behind AND t.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)'),
    ].join(' UNION ALL '),
    values,
  }
}

// The last code point: each string with a prefix sorts below the prefix plus this character.
const LAST = '\u{10ffff}'
// Characters of ids and topics that are indexed.
const INDEXED = 100

/** Adds a value to a statement; returns its place. */
type Add = (value: unknown) => string

/** Makes it over the values of a statement. */
function adder(values: unknown[]): Add {
  return (value) => `$${values.push(value)}`
}

/** Conditions on tasks. */
function taskConditions({ filter, lanes }: Scan, add: Add): readonly string[] {
  const { part, state, cause, id } = filter
  const all: string[] = []
  if (lanes !== undefined) all.push(`t.lane = ANY(${add(ints(lanes))}::int[])`)
  if (part !== undefined) all.push(`t.part = ${add(storable(part))}`)
  if (state !== undefined) all.push(`t.state = ${add(STATES.indexOf(state))}::int`)
  if (cause !== undefined) all.push(`t.cause = ${add(storable(cause))} AND t.state <> 2`)
  if (id !== undefined) all.push(`t.id = ${add(numberOf(id))}::bigint`)
  return all
}

/** Conditions that no index of the walk answers: they are looked for among its candidates. */
function eventConditions({ filter, topic }: Scan, add: Add): readonly string[] {
  const all: string[] = []
  if (filter.provider !== undefined) all.push(`e.provider = ${add(storable(filter.provider))}`)
  if (topic !== undefined && topic.exact === undefined)
    all.push(`e.topic ~ ${add(storable(topic.source))}`)
  return all
}

/** Conditions that an index on events answers. */
async function lookedUp(
  sql: Sql,
  { filter, topic, receiver }: Scan,
  add: Add,
): Promise<readonly string[]> {
  const { id, eventId, keys, before, after } = filter
  const all: string[] = []
  if (id !== undefined) all.push(`e.id = ${add(eventOf(numberOf(id)))}::bigint`)
  if (eventId !== undefined)
    all.push(
      `left(e.event_id, ${INDEXED}) = ${add(cut(storable(eventId)))} AND e.event_id = ${add(storable(eventId))}`,
    )
  if (keys !== undefined) {
    const owners = receiver === undefined ? await receivers(sql) : [receiver]
    const hashes = owners.flatMap((each) => keys.map((key) => hashOf(each, key)))
    all.push(`e.hash = ANY(${add(`{${hashes.join()}}`)}::uuid[])`)
  }
  if (topic !== undefined) {
    const indexed = `left(e.topic, ${INDEXED}) COLLATE "C"`
    const start = cut(storable(topic.exact ?? topic.prefix))
    if (topic.exact !== undefined)
      all.push(`${indexed} = ${add(start)} AND e.topic = ${add(storable(topic.exact))}`)
    else if (start !== '')
      all.push(`${indexed} >= ${add(start)} AND ${indexed} < ${add(start + LAST)}`)
  }
  if (before !== undefined) all.push(`e.received < ${add(before)}::float8`)
  if (after !== undefined) all.push(`e.received > ${add(after)}::float8`)
  return all
}

async function receivers(sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ receiver: string }>('SELECT DISTINCT receiver FROM $.postern_lanes')
  return rows.map(({ receiver }) => receiver)
}

/** As PostgreSQL's left(): by code points. */
function cut(text: string): string {
  return text.length <= INDEXED ? text : Array.from(text).slice(0, INDEXED).join('')
}
