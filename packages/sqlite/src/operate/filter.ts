import { where, type Columns, type Scan } from '@postern/core/engine'
import { DELIVERY, TASK } from '../sql/tasks.ts'

const EVENT = `CROSS JOIN postern_receivers r ON r.id = e.receiver LEFT JOIN postern_deliveries d ON d.id = e.delivery`
/**
 * The tables to which a filter applies. CROSS JOIN makes SQLite start with the tasks, since the search has already
 * found them.
 */
export const FROM: string = `postern_tasks t CROSS JOIN postern_events e ON e.id = t.id >> 16 ${EVENT}`
export const FROM_EVENTS: string = `postern_events e ${EVENT}`

// `json_valid` is checked first, since one damaged record must not hide other events.
const PROVIDER = `coalesce(iif(json_valid(e.record), json_extract(e.record, '$.provider'), NULL), '')`
const OF_EVENT = `${PROVIDER} AS provider, e.event_id AS eventId, e.topic, e.tenant, e.key, e.received, e.contents IS 2 AS erased,
  r.name AS receiver`
export const INFO: string = `${TASK}, t.id >> 16 AS event, t.part, t.cause,
  coalesce((SELECT max(seq) FROM postern_attempts a WHERE a.task = t.id), 0) + (t.state >= 2 AND t.took IS NOT NULL) AS runs, ${OF_EVENT}`
export const EVENT_INFO: string = `0 AS id, 0 AS lane, 0 AS state, e.id AS event, '' AS part, NULL AS cause, NULL AS error, NULL AS fold, NULL AS took,
  0 AS runs, ${OF_EVENT}`
export const CONTENTS: string = `e.record, ${DELIVERY}`

const COLUMNS: Columns = {
  receiver: 'r.name = ?',
  // Always true: the engine converts subscriptions to lanes (numbers of subscriptions), and searches for texts itself.
  subscription: '? IS NULL',
  text: '? IS NULL',
  part: 't.part = ?',
  provider: `${PROVIDER} = ?`,
  state: (state) => ['t.state = ?', ['pending', 'running', 'done', 'dead'].indexOf(state)],
  // SQL checks only the start of a pattern; the scan checks the rest.
  topic: ({ exact, prefix }) =>
    exact === undefined ? ['instr(e.topic, ?) = 1', prefix] : ['e.topic = ?', exact],
  eventId: 'e.event_id = ?',
  keys: (keys) => ['e.key IN (SELECT value FROM json_each(?))', JSON.stringify(keys)],
  id: (id) => ['t.id = ?', /^[1-9]\d{0,15}$/.test(id) ? Number(id) : -1],
  cause: 't.cause = ?',
  before: 'e.received < ?',
  after: 'e.received > ?',
}

/** Returns the condition of a list as SQL, with its values. */
export function conditionsOf({
  of,
  filter,
  receiver,
  lanes,
  topic,
}: Scan): ReturnType<typeof where> {
  const more = [
    ...(receiver === undefined ? [] : [['r.name = ?', receiver] as const]),
    ...(lanes === undefined || of === 'events'
      ? []
      : [['t.lane IN (SELECT value FROM json_each(?))', JSON.stringify(lanes)] as const]),
    ...(topic === undefined
      ? []
      : topic.exact === undefined
        ? [['instr(e.topic, ?) = 1', topic.prefix] as const]
        : [['e.topic = ?', topic.exact] as const]),
  ]
  return where(filter, COLUMNS, more)
}
