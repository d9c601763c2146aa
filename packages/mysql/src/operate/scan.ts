import {
  eventOf,
  hashOf,
  NO_TASK,
  numberOf,
  STATES,
  TASKS,
  type InfoRow,
  type Place,
  type Scan,
  type Scanned,
} from '@postern/core/engine'
import {
  bytesOf,
  CONTENTS,
  DELIVERY,
  EVENT,
  hexes,
  INFO,
  list,
  literal,
  OF_EVENT,
  toInfo,
} from '../sql/lines.ts'
import type { Sql } from '../store/connection.ts'

// Open tasks that are sorted for a list: no index has them in order. With more, the newest events have some soon.
const MOST_OPEN = 5000
// Bytes of topics that are indexed.
const INDEXED = 100

/** The place behind a row: the order of time, and of ids for lists that an index of failed or open tasks gives. */
export function rowPlace(row: InfoRow, want: Pick<Scan, 'filter'>): Place {
  const id = row.id === 0 ? row.event * TASKS : row.id
  return [isFailing(want) ? 0 : row.received, id]
}

/** One step of a list. */
export async function scan(sql: Pick<Sql, 'rows'>, want: Scan): Promise<Scanned> {
  if (want.of === 'tasks' && (isFailing(want) || (await isShort(sql, want))))
    return byTasks(sql, want)
  return byEvents(sql, want)
}

function isFailing({ filter: { state, cause } }: Pick<Scan, 'filter'>): boolean {
  return cause !== undefined || state === 'dead'
}

/** True if few tasks are open: then they lead to events. */
async function isShort(sql: Pick<Sql, 'rows'>, want: Scan): Promise<boolean> {
  const { state, id, eventId, keys } = want.filter
  if ((state !== 'pending' && state !== 'running') || (id ?? eventId ?? keys) !== undefined)
    return false
  const [row] = await sql.rows(
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${openOnes(want)} LIMIT ${MOST_OPEN + 1}) c`,
  )
  return row!.n <= MOST_OPEN
}

/** How what is behind a place compares, and the order of a walk. */
function walkOf({ oldest }: Scan): readonly [beyond: string, order: string] {
  return oldest ? ['>', 'ASC'] : ['<', 'DESC']
}

/** Rows behind a place in the order of time. */
function isBehind({ after }: Scan, beyond: string, id: string, place = after?.[1]): string {
  if (!after) return '1 = 1'
  return `(e.received ${beyond} ${after[0]} OR (e.received = ${after[0]} AND ${id} ${beyond} ${place}))`
}

/** Failed tasks by id, which is about the order of arrival. Open ones in the order of all lists. */
async function byTasks(sql: Pick<Sql, 'rows'>, want: Scan): Promise<Scanned> {
  const failing = isFailing(want)
  const [beyond, order] = walkOf(want)
  const { after, width } = want
  const from = failing
    ? `(SELECT t.* FROM ${failedOnes(want)} ${after ? `AND t.id ${beyond} ${after[1]} AND ${after[0]} = 0` : ''} ORDER BY t.id ${order} LIMIT ${width})`
    : `(SELECT t.* FROM ${openOnes(want)})`
  const conditions = [
    ...taskConditions(want),
    ...eventConditions(want),
    ...(await lookedUp(sql, want)),
  ]
  const rows = await sql.rows<InfoRow & { meant: boolean }>(
    `SELECT ${INFO}${want.full ? `, t.data, ${CONTENTS}` : ''}, ${conditions.join(' AND ') || '1'} AS meant
     FROM ${from} t STRAIGHT_JOIN $.postern_events e ON ${EVENT} ${want.full ? DELIVERY : ''} WHERE ${failing ? '1 = 1' : isBehind(want, beyond, 't.id')}
     ORDER BY ${failing ? '' : `e.received ${order},`} t.id ${order} LIMIT ${width}`,
  )
  const meant = rows.filter((row) => row.meant)
  const isCut = meant.length > want.limit
  const last = isCut ? meant[want.limit - 1] : rows.at(-1)
  return {
    rows: meant.slice(0, want.limit).map(toInfo),
    to: (isCut || rows.length === width) && last ? rowPlace(last, want) : undefined,
    searchedTo: last?.received,
  }
}

/** Events in order of arrival lead to their tasks. */
async function byEvents(sql: Pick<Sql, 'rows'>, want: Scan): Promise<Scanned> {
  const { after, width } = want
  const [beyond, order] = walkOf(want)
  // No row constructors: an inequality of them is no range of an index here.
  const inner = [
    ...(after ? [`e.received ${beyond}= ${after[0]}`] : []),
    // The event of the place itself may have further tasks.
    ...(after
      ? [`(e.received ${beyond} ${after[0]} OR e.id ${beyond}= ${eventOf(after[1])})`]
      : []),
    ...(want.passing ? ['e.contents = 1'] : []),
    ...(await lookedUp(sql, want)),
  ]
  const seen = await sql.rows<{ id: number; received: number }>(
    `SELECT e.id, e.received FROM $.postern_events e WHERE ${inner.join(' AND ') || '1 = 1'}
     ORDER BY e.received ${order}, e.id ${order} LIMIT ${width}`,
  )
  if (seen.length === 0) return { rows: [], to: undefined, searchedTo: undefined }
  const tasks = want.of === 'tasks'
  const id = tasks ? 't.id' : 'e.id'
  const outer = [
    `e.id IN (${list(seen.map((row) => row.id))})`,
    ...eventConditions(want),
    ...(tasks
      ? taskConditions(want)
      : want.receiver === undefined
        ? []
        : [`e.receiver = ${literal(want.receiver)}`]),
    isBehind(want, beyond, id, after && (tasks ? after[1] : eventOf(after[1]))),
  ]
  const rows = await sql.rows<InfoRow>(
    `SELECT ${tasks ? INFO : OF_EVENT}${want.full ? `, ${tasks ? 't.data, ' : ''}${CONTENTS}` : ''}
     FROM $.postern_events e FORCE INDEX (PRIMARY) ${tasks ? `STRAIGHT_JOIN $.postern_tasks t ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}` : ''} ${want.full ? DELIVERY : ''}
     WHERE ${outer.join(' AND ')} ORDER BY e.received ${order}, ${id} ${order} LIMIT ${want.limit + 1}`,
  )
  const page = rows.slice(0, want.limit).map((row) => toInfo({ ...NO_TASK, ...row }))
  if (rows.length > want.limit) {
    const end = page.at(-1)!
    return {
      rows: page,
      to: [end.received, end.id === 0 ? end.event * TASKS : end.id],
      searchedTo: end.received,
    }
  }
  const last = seen.at(-1)!
  return {
    rows: page,
    to:
      seen.length < width
        ? undefined
        : [last.received, last.id * TASKS + (want.oldest ? TASKS - 1 : 0)],
    searchedTo: last.received,
  }
}

function openOnes({ lanes, filter: { state } }: Scan): string {
  const its = lanes === undefined ? '' : `AND t.lane IN (${list(lanes)})`
  return `$.postern_tasks t FORCE INDEX (ready) WHERE t.state = ${state === 'running' ? 1 : 0} AND t.behind IN (0, 1) ${its}`
}

function failedOnes({ lanes, filter: { cause } }: Scan): string {
  const its = lanes === undefined ? '' : `AND t.lane IN (${list(lanes)})`
  if (cause !== undefined)
    return `$.postern_tasks t FORCE INDEX (causes) WHERE t.cause = ${literal(cause)} ${its}`
  return `$.postern_tasks t FORCE INDEX (dead) WHERE ${lanes === undefined ? 't.dead_lane IS NOT NULL' : `t.dead_lane IN (${list(lanes)})`}`
}

/** Conditions on tasks. */
function taskConditions({ filter, lanes }: Scan): readonly string[] {
  const { part, state, cause, id } = filter
  const all: string[] = []
  if (lanes !== undefined) all.push(`t.lane IN (${list(lanes)})`)
  if (part !== undefined) all.push(`t.part = ${literal(part)}`)
  if (state !== undefined) all.push(`t.state = ${STATES.indexOf(state)}`)
  if (cause !== undefined) all.push(`t.cause = ${literal(cause)} AND t.state <> 2`)
  if (id !== undefined) all.push(`t.id = ${numberOf(id)}`)
  return all
}

/** Conditions that no index of the walk answers: they are looked for among its candidates. */
function eventConditions({ filter, topic }: Scan): readonly string[] {
  const all: string[] = []
  if (filter.provider !== undefined) all.push(`e.provider = ${literal(filter.provider)}`)
  if (topic !== undefined && topic.exact === undefined)
    // Not as bytes: a class of characters would match a part of one. (?s): a dot is any character.
    all.push(
      `CONVERT(e.topic USING utf8mb4) COLLATE utf8mb4_bin REGEXP CONVERT(${literal(`(?s)${topic.source}`)} USING utf8mb4)`,
    )
  return all
}

/** Conditions that an index on events answers. */
async function lookedUp(
  sql: Pick<Sql, 'rows'>,
  { filter, topic, receiver }: Scan,
): Promise<readonly string[]> {
  const { id, eventId, keys, before, after } = filter
  const all: string[] = []
  if (id !== undefined) all.push(`e.id = ${eventOf(numberOf(id))}`)
  if (eventId !== undefined) all.push(`e.event_id = ${literal(eventId)}`)
  if (keys !== undefined) {
    const owners = receiver === undefined ? await receivers(sql) : [receiver]
    const hashes = owners.flatMap((each) => keys.map((key) => hashOf(each, key)))
    all.push(
      `e.id IN (SELECT k.id FROM $.postern_keys k FORCE INDEX (PRIMARY) WHERE k.hash IN (${hexes(hashes)}))`,
    )
  }
  if (topic !== undefined) {
    if (topic.exact !== undefined) all.push(`e.topic = ${literal(topic.exact)}`)
    else if (topic.prefix !== '') {
      const start = bytesOf(topic.prefix).subarray(0, INDEXED).toString('hex')
      // UTF-8 has no byte above f4: each string with a prefix sorts below it with these.
      all.push(`e.topic >= x'${start}' AND e.topic < x'${start}ffffffff'`)
    }
  }
  if (before !== undefined) all.push(`e.received < ${before}`)
  if (after !== undefined) all.push(`e.received > ${after}`)
  return all
}

async function receivers(sql: Pick<Sql, 'rows'>): Promise<readonly string[]> {
  const rows = await sql.rows<{ receiver: string }>('SELECT DISTINCT receiver FROM $.postern_lanes')
  return rows.map(({ receiver }) => receiver)
}
