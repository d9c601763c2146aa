/** Columns of a `TaskRow`, of `postern_tasks t`. */
export const TASK: string =
  't.id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token, t.round, t.cut, t.charged, t.line, t.fair, t.due, t.took, t.error'

// The event of a task.
const EVENT = 'e.id = t.id >> 16'
/** Head and body of an event, in its own row or in one that it shares. */
export const DELIVERY: string = 'coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body'

/** New plain tasks of a lane by id, which wait. */
export const ADD_WAITING: string = `INSERT INTO postern_tasks (id, lane, state, due)
  SELECT value, ?, 0, ? FROM json_each(?)`
/** Any other new task. */
export const ADD_TASK: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease, turn, part, data, line, fair, behind, root)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(? IS NULL, NULL, (SELECT root FROM postern_lanes WHERE id = ?)))`
export const TASKS_OF: string = 'SELECT id, lane, part FROM postern_tasks WHERE id >= ? AND id < ?'

// NOT INDEXED leaves the look-up by id, and none of the leases that are open.
/** Ends runs of one token: distances in events from the first in the higher bits, microseconds in the lower 31. */
export const FINISH: string = `UPDATE postern_tasks NOT INDEXED SET state = 2, due = ?, took = j.value & 2147483647, lease = 0
  FROM json_each(?) j WHERE postern_tasks.id = ? + ((j.value >> 31) << 16) AND state = 1 AND token = ?`
export const FINISHED: string = `SELECT id FROM postern_tasks NOT INDEXED
  WHERE state = 2 AND lease = 0 AND token = ? AND id IN (SELECT value FROM json_each(?))`

/** A task that is to be changed, with its lease and what is left of its event. */
export const TO_PATCH: string = `SELECT ${TASK}, t.lease, t.cause, e.contents, e.key, (SELECT name FROM postern_receivers r WHERE r.id = e.receiver) AS receiver FROM postern_tasks t
  LEFT JOIN postern_events e ON ${EVENT} WHERE t.id = ?`
export const PATCH: string = `UPDATE postern_tasks SET state = ?, due = ?, gate = ?, behind = ?, attempt = ?, token = ?, lease = ?, round = ?,
  cut = ?, charged = ?, took = ?, error = ?, cause = ? WHERE id = ?`
export const DROP_TASK: string = 'DELETE FROM postern_tasks WHERE id = ?'
export const END_HOLD: string = 'UPDATE postern_tasks SET lease = 0 WHERE id = ?'

/** Failed tasks of an event: dead ones, and those that wait for a later attempt. */
export const FAILED: string = `SELECT ${TASK} FROM postern_tasks t
  WHERE t.id >= ? AND t.id < ? AND (t.state = 3 OR (t.state = 0 AND t.error IS NOT NULL AND t.due > ?))
  AND (SELECT contents FROM postern_events e WHERE ${EVENT}) IS NOT 2`
export const TASKS_BY_ID: string = `SELECT ${TASK}, t.lease FROM postern_tasks t WHERE t.id IN (SELECT value FROM json_each(?))`

/** A claimed task with its contents; INDEXED BY and CROSS JOIN fix the order, so that one range of an index is read. */
const CLAIMED = (index: string): string =>
  `SELECT t.id, t.lane, t.gate, t.attempt, t.round, t.cut, t.error IS NOT NULL AS failed, t.line, t.fair, t.part, t.data, t.turn,
          e.record, ${DELIVERY}
   FROM postern_tasks t ${index} LEFT JOIN postern_events e ON ${EVENT} LEFT JOIN postern_deliveries d ON d.id = e.delivery`
const READY = `${CLAIMED('INDEXED BY postern_tasks_ready')} WHERE t.lane = ? AND t.state = 0 AND t.gate = 0 AND t.behind = 0`
export const CLAIM_READY: string = `${READY} AND t.turn = 0 AND t.due <= ? ORDER BY t.due, t.id LIMIT ?`
export const CLAIM_TURNS: string = `${READY} AND t.turn > 0 AND t.due <= ? ORDER BY t.turn, t.due, t.id LIMIT ?`
/** Suspects, and tasks that were interrupted: by their gate. */
export const CLAIM_GATED: string = `${CLAIMED('INDEXED BY postern_tasks_gated')}
  WHERE t.lane = ? AND t.state = 0 AND t.gate > 0 AND t.behind = 0 AND t.gate = ? AND t.due <= ? ORDER BY t.due LIMIT ?`
export const LOAD: string = `${CLAIMED('')} WHERE t.id IN (SELECT value FROM json_each(?))`
/** One damaged count must not end the statement that claims for all: a sum beyond 2^63 is no integer. */
export const MOST_ATTEMPTS: number = Number.MAX_SAFE_INTEGER - 1
export const CLAIM: string = `UPDATE postern_tasks NOT INDEXED SET state = 1, attempt = min(attempt, ${MOST_ATTEMPTS}) + 1, token = ?, lease = 1
  WHERE id IN (SELECT value FROM json_each(?))`

const OPEN = 'FROM postern_tasks WHERE lane = ? AND state = 0 AND behind = 0 AND'
/** True if a lane has a due task. */
export const ANY: string = `SELECT 1 ${OPEN} gate = 0 AND turn = 0 AND due <= ?
  UNION ALL SELECT 1 ${OPEN} gate = 0 AND turn > 0 UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 1 AND due <= ?
  UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 2 AND due <= ? UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 3 AND due <= ? LIMIT 1`
export const ANY_GATED: string = `SELECT 1 ${OPEN} gate > 0 AND gate = ? AND due <= ? LIMIT 1`
/** How many tasks of a lane are due, and when the next one is. */
export const DUE: string = `SELECT (SELECT count(*) ${OPEN} gate = 0 AND due <= ?) + (SELECT count(*) ${OPEN} gate > 0 AND due <= ?) AS n`
export const NEXT_DUE: string = `SELECT min(due) AS due FROM (
  SELECT min(due) AS due ${OPEN} gate = 0 AND due > ? UNION ALL SELECT min(due) ${OPEN} gate > 0 AND due > ?)`
/** When the oldest due task of a lane was due. */
export const OLDEST: string = `SELECT min(due) AS due FROM (
  SELECT min(due) AS due ${OPEN} gate = 0 AND turn = 0 UNION ALL
  SELECT * FROM (SELECT due ${OPEN} gate = 0 AND turn > 0 ORDER BY turn LIMIT 1) UNION ALL
  SELECT min(due) ${OPEN} gate > 0 AND gate = 1 UNION ALL SELECT min(due) ${OPEN} gate > 0 AND gate = 2 UNION ALL
  SELECT min(due) ${OPEN} gate > 0 AND gate = 3)`
