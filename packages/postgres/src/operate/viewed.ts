import { createHash } from 'node:crypto'
import {
  storable,
  type ContentsRow,
  type Viewed,
  byColumns,
  createTableLists,
  createTableStats,
  eraseIn,
  pruneTables,
  TASKS,
  type Store,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { ints, texts, CONTENTS, DELIVERY, EVENT, NOW, TASK } from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Database } from '../store/connection.ts'
import { readRow } from '../store/pg.ts'
import { noteActions } from '../journal/journaled.ts'
import { idsOf } from '../store/rows.ts'

export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  const { sql } = db
  return {
    // The scan runs in a transaction, since that has a deadline and no JIT. JIT takes more time than most scans.
    scan: (want) => db.atomic(deadline, (within) => lists.scan(tableSql(within).rows, want)),
    placeOf: lists.placeOf,
    detail: (id) => lists.detail(tableSql(sql).rows, id),
    ...createTableStats(tableSql(sql), { now: NOW, event: EVENT }),
    async version() {
      // The snapshot changes with each transaction that wrote, in any process.
      const seen = sql<{ text: string }>('SELECT pg_current_snapshot()::text AS text')
      return createHash('sha256')
        .update((await readRow(seen)).text)
        .digest()
        .readUIntBE(0, 6)
    },
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
    prune: (before, place) =>
      db.atomic(deadline, (within) => pruneTables(tableSql(within), PRUNE, before, place)),
  }
}

/** True for the tasks of the event `e`. */
const OWN = `t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}`

const MARKED = 'CASE WHEN $2::boolean THEN e.contents = 1 ELSE e.contents IS DISTINCT FROM 2 END'

const LOCK_EVENTS: string = `SELECT e.id::float8 AS id FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND ${MARKED}
  ORDER BY e.id FOR UPDATE SKIP LOCKED`

const RESTING: string = `SELECT e.id::float8 AS id FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND ${MARKED}
  AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE ${OWN} AND (t.state < 2 OR ($2::boolean AND t.state = 3)))
  ORDER BY e.id`

const CONTENTS_OF: string = `SELECT e.id::float8 AS event, ${CONTENTS} FROM $.postern_events e ${DELIVERY}
  WHERE e.id = ANY($1::bigint[]) ORDER BY e.id`

const EMPTY: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) AS i(id, record, head)),
  o AS MATERIALIZED (SELECT e.id, e.delivery FROM $.postern_events e JOIN i ON i.id = e.id),
  u AS (
    UPDATE $.postern_events e SET contents = 2, record = i.record, head = i.head, body = '', delivery = NULL
    FROM i WHERE e.id = i.id RETURNING e.id),
  d AS (
    DELETE FROM $.postern_deliveries d USING o WHERE d.id = o.delivery AND NOT EXISTS (
      SELECT 1 FROM $.postern_events e WHERE e.delivery = d.id AND e.id NOT IN (SELECT id FROM i)))
  SELECT count(*)::int AS n FROM u`

const DROP_EVENTS: string = `WITH d AS (
    DELETE FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE ${OWN})
    RETURNING 1)
  SELECT count(*)::int AS n FROM d`

const PRUNE: Parameters<typeof pruneTables>[1] = {
  keys: false,
  tenant: 'key',
  among: 'amongTexts',
  // Tasks are read as arrays. With a join on a range per event, PostgreSQL would expect a ninth of all tasks, and read
  // both tables whole.
  tasksOf: (events, over, { among }) =>
    `SELECT o.task >> 1 AS id, o.task & 1 = 1 AS gone FROM $.postern_events e CROSS JOIN LATERAL unnest(ARRAY(
       SELECT t.id << 1 | (${over})::int::bigint FROM $.postern_tasks t WHERE ${OWN})) AS o(task)
     WHERE ${among('e.id', events)}`,
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

/** Cuts a text by code points, as PostgreSQL's left() does. */
function cut(text: string): string {
  return text.length <= INDEXED ? text : Array.from(text).slice(0, INDEXED).join('')
}
