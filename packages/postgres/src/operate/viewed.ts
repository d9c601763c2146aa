import { createHash } from 'node:crypto'
import {
  storable,
  type ContentsRow,
  type Viewed,
  byColumns,
  createTableLists,
  createTableStats,
  dropEvents,
  eraseTables,
  pruneTables,
  TASKS,
  type Store,
  type TableDialect,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { ints, texts, CONTENTS, DELIVERY, EVENT, NOW, TASK } from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Database } from '../store/connection.ts'
import { readRow } from '../store/pg.ts'
import { noteActions } from '../journal/journaled.ts'

export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  const { sql } = db
  return {
    // The scan runs in a transaction, which has a deadline and no JIT. JIT takes more time than most scans.
    scan: (want) => db.atomic(deadline, (within) => lists.scan(tableSql(within).rows, want)),
    placeOf: lists.placeOf,
    detail: (id) => lists.detail(tableSql(sql).rows, id),
    ...createTableStats(tableSql(sql), { now: NOW, event: EVENT }),
    async version() {
      // Each transaction that writes, in any process, changes the snapshot.
      const seen = sql<{ text: string }>('SELECT pg_current_snapshot()::text AS text')
      return createHash('sha256')
        .update((await readRow(seen)).text)
        .digest()
        .readUIntBE(0, 6)
    },
    erase: (...given) =>
      db.atomic(deadline, (within) =>
        eraseTables(
          tableSql(within),
          TABLES,
          {
            contents: (some) => within<ContentsRow>(CONTENTS_OF, [ints(some)]),
            write: (left) =>
              within(EMPTY, [
                ints(left.map(({ event }) => event)),
                texts(left.map(({ record }) => record)),
                texts(left.map(({ head }) => head)),
              ]),
            note: (rows) => noteActions(within, rows),
          },
          ...given,
        ),
      ),
    drop: (events) => db.atomic(deadline, (within) => dropEvents(tableSql(within), TABLES, events)),
    prune: (before, place) =>
      db.atomic(deadline, (within) => pruneTables(tableSql(within), TABLES, before, place)),
  }
}

const CONTENTS_OF: string = `SELECT e.id::float8 AS event, ${CONTENTS} FROM $.postern_events e ${DELIVERY}
  WHERE e.id = ANY($1::bigint[]) ORDER BY e.id`

const EMPTY = `UPDATE $.postern_events e SET contents = 2, record = i.record, head = i.head, body = '', delivery = NULL
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS i(id, record, head) WHERE e.id = i.id`

const TABLES: TableDialect = {
  keys: false,
  tenant: 'key',
  among: 'amongTexts',
  // The tasks of each event are read as an array. With a join on a range of ids, PostgreSQL would expect a ninth of all
  // tasks for each event, and read both tables whole.
  tasksOf: (events, over, { among }) =>
    `SELECT o.task >> 1 AS id, o.task & 1 = 1 AS gone FROM $.postern_events e CROSS JOIN LATERAL unnest(ARRAY(
       SELECT t.id << 1 | (${over})::int::bigint FROM $.postern_tasks t WHERE t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS})) AS o(task)
     WHERE ${among('e.id', events)}`,
}

// Indexes of ids and topics contain only this number of characters from the start.
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
    // Each SELECT reads one range of a partial index.
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
