import {
  byColumns,
  createTableLists,
  createTableStats,
  dropEvents,
  eraseTables,
  pruneTables,
  type InfoRow,
  type Store,
  type TableDialect,
  type Viewed,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import {
  bytesOf,
  CONTENTS,
  DELIVERY,
  EVENT,
  hexes,
  list,
  literal,
  NOW,
  ofEvents,
  TASK,
} from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Database, Sql } from '../store/connection.ts'
import { pack, unpack, type Packed } from '../store/contents.ts'
import { noteActions } from '../store/rows.ts'

const OF_EVENT = `e.id AS event, e.provider, e.event_id AS eventId, e.topic, e.tenant, e.\`key\`, e.received,
  e.receiver, COALESCE(e.contents, 0) = 2 AS erased`
// The index of topics contains only this number of bytes from the start of a topic.
const INDEXED = 100
const inLanes = (lanes: readonly number[] | undefined): string =>
  lanes === undefined ? '' : `AND t.lane IN (${list(lanes)})`

const lists = createTableLists({
  order: 'received',
  info: `${TASK}, t.runs, t.part, t.cause, ${OF_EVENT}`,
  ofEvent: OF_EVENT,
  contents: CONTENTS,
  delivery: DELIVERY,
  event: EVENT,
  join: 'STRAIGHT_JOIN',
  byPrimary: 'FORCE INDEX (PRIMARY)',
  failed({ lanes, filter: { cause } }) {
    if (cause !== undefined)
      return `SELECT t.* FROM $.postern_tasks t FORCE INDEX (causes) WHERE t.cause = ${literal(cause)} ${inLanes(lanes)}`
    const which = lanes === undefined ? 'IS NOT NULL' : `IN (${list(lanes)})`
    return `SELECT t.* FROM $.postern_tasks t FORCE INDEX (dead) WHERE t.dead_lane ${which}`
  },
  open: ({ lanes, filter: { state } }) =>
    `SELECT t.* FROM $.postern_tasks t FORCE INDEX (ready) WHERE t.state = ${state === 'running' ? 1 : 0} AND t.behind IN (0, 1) ${inLanes(lanes)}`,
  ...byColumns({
    eventId: (id) => `e.event_id = ${literal(id)}`,
    identities: (hashes) =>
      `e.id IN (SELECT k.id FROM $.postern_keys k FORCE INDEX (PRIMARY) WHERE k.hash IN (${hexes(hashes)}))`,
    topic: (topic) => `e.topic = ${literal(topic)}`,
    topicPrefix(prefix) {
      const start = bytesOf(prefix).subarray(0, INDEXED).toString('hex')
      // UTF-8 has no byte above f4. So each string with this prefix sorts before the prefix plus four bytes ff.
      return `e.topic >= x'${start}' AND e.topic < x'${start}ffffffff'`
    },
    // The topic is matched as text: in bytes, a class such as `[^.]` would match a part of a character. With (?s), a
    // dot also matches a line break.
    topicPattern: (source) =>
      `CONVERT(e.topic USING utf8mb4) COLLATE utf8mb4_bin REGEXP CONVERT(${literal(`(?s)${source}`)} USING utf8mb4)`,
  }),
  row({ packed, shared, ...row }: InfoRow & Partial<Packed>) {
    return packed === undefined ? row : { ...row, ...unpack(packed, shared) }
  },
})

export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  return {
    scan: (want) => db.session(deadline, (sql) => lists.scan(tableSql(sql).rows, want)),
    placeOf: lists.placeOf,
    detail: (id) => lists.detail(tableSql(db).rows, id),
    ...createTableStats(tableSql(db), { now: NOW, event: EVENT }),
    async version() {
      // Counts all rows that the server wrote. In MySQL, the Handler_* counters also count rows of replies, such as the
      // reply to this statement. So Innodb_rows_* are used if they exist.
      const found = await db.rows<{ Variable_name: string; Value: number }>(
        `SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^(Innodb_rows|Handler)_(inserted|write|updated?|deleted?)$'`,
      )
      const own = found.filter((row) => row.Variable_name.startsWith('Innodb'))
      const used = own.length > 0 ? own : found
      return used.length > 0 ? used.reduce((sum, { Value }) => sum + Value, 0) : undefined
    },
    erase: (...given) =>
      db.atomic(deadline, (sql) =>
        eraseTables(
          tableSql(sql),
          TABLES,
          {
            async contents(some) {
              const rows = await sql.rows<Packed & { event: number }>(
                `SELECT e.id AS event, ${CONTENTS} FROM $.postern_events e FORCE INDEX (PRIMARY) ${DELIVERY} WHERE e.id IN (${list(some)}) ORDER BY e.id`,
              )
              return rows.map(({ event, packed, shared }) => ({ event, ...unpack(packed, shared) }))
            },
            async write(left) {
              for (const { event, record, head } of left)
                await sql.run(
                  `UPDATE $.postern_events SET contents = 2, packed = ?, delivery = NULL WHERE id = ?`,
                  [pack({ record, head }), event],
                )
            },
            note: (rows) => noteActions(sql, rows),
          },
          ...given,
        ),
      ),
    drop: (events) => db.atomic(deadline, (sql) => dropEvents(tableSql(sql), TABLES, events)),
    prune: (before, place) =>
      db.atomic(deadline, async (sql) => {
        if (place === undefined) await dropNumbers(sql)
        return pruneTables(tableSql(sql), TABLES, before, place)
      }),
  }
}

const TABLES: TableDialect = {
  keys: true,
  tenant: 'hash',
  among: 'amongHashes',
  tasksOf: (events, over) =>
    `SELECT t.id, ${over} AS gone FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE ${ofEvents(events)}`,
}

/** Drops rows of `postern_seq`. Only their AUTO_INCREMENT numbers were needed, for the order of tasks. */
async function dropNumbers(sql: Sql): Promise<void> {
  const places = await sql.rows(
    'SELECT id FROM $.postern_seq FORCE INDEX (PRIMARY) ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED',
  )
  await tableSql(sql).drop('seq', ({ among }) =>
    among(
      'r.id',
      places.map(({ id }) => id),
    ),
  )
}
