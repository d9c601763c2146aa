import {
  createTableLists,
  eventOf,
  identityKey,
  numberOf,
  type ScanRun,
} from '@postern/core/engine'
import type { TaskFilter } from '@postern/core/inbox'
import type { Database, Value } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'
import { DELIVERY, TASK } from '../sql/tasks.ts'

// `json_valid` is checked first, since one damaged record must not hide other events.
const PROVIDER = `coalesce(iif(json_valid(e.record), e.record ->> 'provider', NULL), '')`
const OF_EVENT = `e.id AS event, ${PROVIDER} AS provider, e.event_id AS eventId, e.topic, e.tenant, e.key, e.received,
  e.contents IS 2 AS erased, (SELECT name FROM postern_receivers r WHERE r.id = e.receiver) AS receiver`
const RUNS = `coalesce((SELECT max(seq) FROM postern_attempts a WHERE a.task = t.id), 0) + (t.state >= 2 AND t.took IS NOT NULL)`

export function createLists(db: Database, keys: Keys): ReturnType<typeof createTableLists> {
  const events = createEventFinder(db, keys)
  return createTableLists({
    // Events are numbered in order of arrival, so lists need no index on their time.
    order: 'id',
    info: `${TASK}, t.part, t.cause, ${RUNS} AS runs, ${OF_EVENT}`,
    ofEvent: OF_EVENT,
    contents: `e.record, ${DELIVERY}`,
    delivery: 'LEFT JOIN postern_deliveries d ON d.id = e.delivery',
    event: 'e.id = t.id >> 16',
    // CROSS JOIN makes SQLite start with the tasks, since the search has already found them.
    join: 'CROSS JOIN',
    byPrimary: 'NOT INDEXED',
    // Reads one range of an index for each lane (a subscription). A range is sorted by id.
    failed({ filter: { cause }, lanes, after, width, oldest }, { text, whole, among }) {
      const its =
        cause === undefined
          ? 'postern_tasks x INDEXED BY postern_tasks_dead WHERE x.lane = l.id AND x.state = 3'
          : `postern_tasks x INDEXED BY postern_tasks_causes WHERE x.lane = l.id AND x.cause = ${text(cause)}`
      const rest = after ? `AND x.id ${oldest ? '>' : '<'} ${whole(after[1])}` : ''
      return `SELECT t.* FROM postern_lanes l CROSS JOIN postern_tasks t
        WHERE ${lanes === undefined ? 'true' : among('l.id', lanes)}
        AND t.id IN (SELECT x.id FROM ${its} ${rest} ORDER BY x.id ${oldest ? 'ASC' : 'DESC'} LIMIT ${width})`
    },
    open({ lanes, filter: { state } }, { among }) {
      const its = lanes === undefined ? '' : `AND ${among('t.lane', lanes)}`
      const of = (index: string, which: string): string =>
        `SELECT t.* FROM postern_tasks t INDEXED BY postern_tasks_${index} WHERE ${which} ${its}`
      if (state === 'running') return of('leases', 't.lease = 1 AND t.state = 1')
      return [
        of('ready', 't.state = 0 AND t.gate = 0 AND t.behind = 0'),
        of('gated', 't.state = 0 AND t.gate > 0 AND t.behind = 0'),
        of('behind', 't.state = 0 AND t.behind = 1'),
      ].join(' UNION ALL ')
    },
    found({ filter, receiver, passing }, { among, whole, text }) {
      const { id, eventId, keys: wanted } = filter
      const all: string[] = []
      if (id !== undefined) all.push(`e.id = ${whole(eventOf(numberOf(id)))}`)
      if (eventId !== undefined) all.push(among('e.id', events.byId(eventId, receiver)))
      if (wanted !== undefined) all.push(among('e.id', events.byKeys(wanted, receiver)))
      if (passing && receiver !== undefined) all.push(ofReceiver(text(receiver)))
      const range = events.range(filter)
      if (range) all.push(`e.id > ${whole(range.low)} AND e.id <= ${whole(range.high)}`)
      return all
    },
    filtered({ filter: { provider, eventId, before, after }, receiver, topic }, { text, number }) {
      const all: string[] = []
      if (receiver !== undefined) all.push(ofReceiver(text(receiver)))
      if (provider !== undefined) all.push(`${PROVIDER} = ${text(provider)}`)
      if (eventId !== undefined) all.push(`e.event_id = ${text(eventId)}`)
      if (before !== undefined) all.push(`e.received < ${number(before)}`)
      if (after !== undefined) all.push(`e.received > ${number(after)}`)
      if (topic?.exact !== undefined) all.push(`e.topic = ${text(topic.exact)}`)
      else if (topic) all.push(`instr(e.topic, ${text(topic.prefix)}) = 1`)
      return all
    },
    onlyPrefix: true,
  })
}

function ofReceiver(name: string): string {
  return `e.receiver = (SELECT id FROM postern_receivers WHERE name = ${name})`
}

/** Runs statements. Each `$n` is replaced by `?`, and the values are passed in this order. */
export function runOn(db: Database): ScanRun {
  return async <Row>(write: Parameters<ScanRun>[0]) => {
    const given: Value[] = []
    const add = (value: Value): string => `$${given.push(value)}`
    const text = await write({
      text: add,
      whole: add,
      number: add,
      among: (column, values) =>
        `${column} IN (SELECT value FROM json_each(${add(JSON.stringify(values))}))`,
    })
    const values: Value[] = []
    const sql = text.replaceAll('$.', '').replaceAll(/\$(\d+)/g, (_, place: string) => {
      values.push(given[Number(place) - 1]!)
      return '?'
    })
    return db.prepare(sql).all(...values) as readonly Row[]
  }
}

/** Events with numbers above `low`, up to and including `high`. */
interface EventRange {
  readonly low: number
  readonly high: number
}

// Maximum difference in milliseconds between the order of arrival and the order of event numbers. The two orders
// differ, since receivers have different clocks and deliveries wait for their commit.
const SLACK = 60_000
// Number of events below which the search by time gains nothing.
const FEW = 10_000

function createEventFinder(db: Database, keys: Keys) {
  const receivers = db.prepare('SELECT id FROM postern_receivers WHERE coalesce(name = ?, 1)')
  const tenants = db.prepare('SELECT tenant FROM postern_event_tenants WHERE receiver = ?')
  const loose = db.prepare('SELECT id FROM postern_events WHERE loose = 1 AND event_id = ?')
  const ends = db.prepare(
    'SELECT (SELECT min(id) FROM postern_events) AS low, (SELECT max(id) FROM postern_events) AS high',
  )
  const at = db.prepare('SELECT received FROM postern_events WHERE id >= ? ORDER BY id LIMIT 1')

  return {
    byKeys: (wanted: readonly string[], name: string | undefined): readonly number[] =>
      keys.lookUp(receiversOf(name).flatMap((id) => wanted.map((key) => [id, key] as const))),
    byId(id: string, name: string | undefined): readonly number[] {
      const pairs = receiversOf(name).flatMap((receiver) => [
        [receiver, identityKey(undefined, ':', id)] as const,
        ...tenantsOf(receiver).map((tenant) => [receiver, identityKey(tenant, ':', id)] as const),
      ])
      const rows = loose.all(id) as { id: number }[]
      return [...keys.lookUp(pairs), ...rows.map((row) => row.id)]
    },
    /** Returns the range of events that can match by their time, or undefined if any event can match. */
    range({ before, after }: Pick<TaskFilter, 'before' | 'after'>): EventRange | undefined {
      if (before === undefined && after === undefined) return undefined
      const found = ends.get() as { low: number | null; high: number | null }
      const low = (found.low ?? 1) - 1
      const high = found.high ?? 0
      if (high - low < FEW) return undefined
      return {
        low: after === undefined ? low : firstAfter(low, high, after - SLACK),
        high: before === undefined ? high : firstAfter(low, high, before + SLACK),
      }
    },
  }

  function receiversOf(name: string | undefined): readonly number[] {
    return (receivers.all(name ?? null) as { id: number }[]).map(({ id }) => id)
  }

  function tenantsOf(receiver: number): readonly string[] {
    return (tenants.all(receiver) as { tenant: string }[]).map(({ tenant }) => tenant)
  }

  /** Finds, by bisection, the number of the last event that was received before a time. */
  function firstAfter(low: number, high: number, time: number): number {
    let from = low
    let to = high + 1
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2)
      const row = at.get(middle) as { received: number } | undefined
      if (row && row.received < time) from = middle
      else to = middle
    }
    return from
  }
}
