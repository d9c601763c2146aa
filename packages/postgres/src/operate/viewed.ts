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
  byColumns,
  createTableLists,
  type ScanRun,
  eraseIn,
  type Store,
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
import { readRow, type Sql } from '../store/pg.ts'
import { idsOf, noteActions } from '../store/rows.ts'

export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  const { sql } = db
  return {
    // The scan runs in a transaction, since that has a deadline and no JIT. JIT takes more time than most scans.
    scan: (want) => db.atomic(deadline, (within) => lists.scan(runOn(within), want)),
    placeOf: lists.placeOf,
    detail: (id) => lists.detail(runOn(sql), id),
    stats: () => sql<StatsRow>(STATS),
    causes: (lanes) => sql<CauseRow>(CAUSES, [lanes === undefined ? null : ints(lanes)]),
    async version() {
      // The snapshot changes with each transaction that wrote, in any process.
      const seen = sql<{ text: string }>('SELECT pg_current_snapshot()::text AS text')
      return createHash('sha256')
        .update((await readRow(seen)).text)
        .digest()
        .readUIntBE(0, 6)
    },
    attempts: (task) => sql<AttemptRow>(OF_TASK, [task]),
    erase: (events, passing, empty, noted) =>
      db.atomic(deadline, (within) => {
        const which = [ints(events), passing]
        return eraseIn(
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
            note: (rows) => noteActions(within, rows),
          },
          empty,
          noted,
        )
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

// Number of characters of ids and topics that are indexed.
const INDEXED = 100
const TOPIC = `left(e.topic, ${INDEXED}) COLLATE "C"`
// The last Unicode code point. Every string that starts with a prefix sorts before the prefix plus this character.
const LAST = '\u{10ffff}'

const OF_EVENT = `e.id::float8 AS event, e.provider, e.event_id AS "eventId", e.topic, e.tenant, e.key, e.received::float8 AS received,
  e.receiver, coalesce(e.contents, 0) = 2 AS erased`

const lists = createTableLists({
  order: 'received',
  info: `${TASK}, t.runs, t.part, t.cause, ${OF_EVENT}`,
  ofEvent: OF_EVENT,
  contents: CONTENTS,
  delivery: DELIVERY,
  event: EVENT,
  join: 'JOIN',
  byPrimary: '',
  failed({ filter: { cause }, lanes }, { text, among }) {
    const its = lanes === undefined ? '' : `AND ${among('t.lane', lanes)}`
    const which =
      cause === undefined ? 't.state = 3' : `t.cause IS NOT NULL AND t.cause = ${text(cause)}`
    return `SELECT t.* FROM $.postern_tasks t WHERE ${which} ${its}`
  },
  open({ lanes, filter: { state } }, { among }) {
    const its = lanes === undefined ? '' : `AND ${among('t.lane', lanes)}`
    const of = (which: string): string => `SELECT t.* FROM $.postern_tasks t WHERE ${which} ${its}`
    if (state === 'running') return of('t.lease IS NOT NULL AND t.state = 1')
    // Each part reads one range of a partial index.
    return [
      of('t.state = 0 AND t.gate = 0 AND NOT t.behind'),
      of('t.state = 0 AND t.gate > 0 AND NOT t.behind'),
      of(
        't.state = 0 AND t.behind AND t.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)',
      ),
    ].join(' UNION ALL ')
  },
  ...byColumns({
    eventId: (id, { text }) =>
      `left(e.event_id, ${INDEXED}) = ${text(cut(storable(id)))} AND e.event_id = ${text(id)}`,
    identities: (hashes, { text }) => `e.hash = ANY(${text(`{${hashes.join()}}`)}::uuid[])`,
    topic: (topic, { text }) =>
      `${TOPIC} = ${text(cut(storable(topic)))} AND e.topic = ${text(topic)}`,
    topicPrefix(prefix, { text }) {
      const start = cut(storable(prefix))
      return `${TOPIC} >= ${text(start)} AND ${TOPIC} < ${text(start + LAST)}`
    },
    topicPattern: (source, { text }) => `e.topic ~ ${text(source)}`,
  }),
})

function runOn(sql: Sql): ScanRun {
  return async (write) => {
    const values: unknown[] = []
    const add = (value: unknown): string => `$${values.push(value)}`
    const text = await write({
      text: (value) => add(storable(value)),
      whole: (value) => `${add(value)}::bigint`,
      number: (value) => `${add(value)}::float8`,
      among: (column, all) => `${column} = ANY(${add(ints(all))}::bigint[])`,
    })
    return sql(text, values)
  }
}

/** Cuts a text by code points, as PostgreSQL's left() does. */
function cut(text: string): string {
  return text.length <= INDEXED ? text : Array.from(text).slice(0, INDEXED).join('')
}
