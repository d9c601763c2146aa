/** The columns of a `TaskRow`, read from `postern_tasks t`. */
export const TASK: string =
  't.id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token, t.round, t.cut, t.charged, t.line, t.fair, t.due, t.took, t.error, t.fold'

const EVENT = 'e.id = t.id >> 16'
/** Columns for head and body of an event, from its own row or from its delivery. */
export const DELIVERY: string = 'coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body'

export const ADD_WAITING: string = `INSERT INTO postern_tasks (id, lane, state, due)
  SELECT value, ?, 0, ? FROM json_each(?)`
export const ADD_TASK: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease, turn, part, data, line, fair, behind, fold, gate, root)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(? IS NULL, NULL, (SELECT root FROM postern_lanes WHERE id = ?)))`
export const TASKS_OF: string = 'SELECT id, lane, part FROM postern_tasks WHERE id >= ? AND id < ?'

/**
 * Ends runs that were claimed with one token. Each value in the list has two parts. The lower 31 bits are the duration
 * in microseconds. The higher bits are the number of the event minus the number of the first event. NOT INDEXED makes
 * SQLite look up tasks by id, not by the index of leases.
 */
export const FINISH: string = `UPDATE postern_tasks NOT INDEXED SET state = 2, due = ?, took = j.value & 2147483647, lease = 0
  FROM json_each(?) j WHERE postern_tasks.id = ? + ((j.value >> 31) << 16) AND state = 1 AND token = ?`
export const FINISHED: string = `SELECT id FROM postern_tasks NOT INDEXED
  WHERE state = 2 AND lease = 0 AND token = ? AND id IN (SELECT value FROM json_each(?))`

export const TO_PATCH: string = `SELECT ${TASK}, t.lease, t.cause, e.contents, e.key, (SELECT name FROM postern_receivers r WHERE r.id = e.receiver) AS receiver FROM postern_tasks t
  LEFT JOIN postern_events e ON ${EVENT} WHERE t.id = ?`
export const PATCH: string = `UPDATE postern_tasks SET state = ?, due = ?, gate = ?, behind = ?, attempt = ?, token = ?, lease = ?, round = ?,
  cut = ?, charged = ?, took = ?, error = ?, cause = ?, fold = ? WHERE id = ?`
export const DROP_TASK: string = 'DELETE FROM postern_tasks WHERE id = ?'
export const END_HOLD: string = 'UPDATE postern_tasks SET lease = 0 WHERE id = ?'

export const FAILED: string = `SELECT ${TASK} FROM postern_tasks t
  WHERE t.id >= ? AND t.id < ? AND (t.state = 3 OR (t.state = 0 AND t.error IS NOT NULL AND t.due > ?))
  AND (SELECT contents FROM postern_events e WHERE ${EVENT}) IS NOT 2`
export const TASKS_BY_ID: string = `SELECT ${TASK}, t.lease FROM postern_tasks t WHERE t.id IN (SELECT value FROM json_each(?))`

// INDEXED BY makes SQLite read one range of this index.
const CLAIMED = (index: string): string =>
  `SELECT t.id, t.lane, t.gate, t.attempt, t.round, t.cut, t.error IS NOT NULL AS failed, t.line, t.fair, t.fold, t.part, t.data, t.turn,
          e.record, ${DELIVERY}
   FROM postern_tasks t ${index} LEFT JOIN postern_events e ON ${EVENT} LEFT JOIN postern_deliveries d ON d.id = e.delivery`
const READY = `${CLAIMED('INDEXED BY postern_tasks_ready')} WHERE t.lane = ? AND t.state = 0 AND t.gate = 0 AND t.behind = 0`
export const CLAIM_READY: string = `${READY} AND t.turn = 0 AND t.due <= ? ORDER BY t.due, t.id LIMIT ?`
export const CLAIM_TURNS: string = `${READY} AND t.turn > 0 AND t.due <= ? ORDER BY t.turn, t.due, t.id LIMIT ?`
export const CLAIM_GATED: string = `${CLAIMED('INDEXED BY postern_tasks_gated')}
  WHERE t.lane = ? AND t.state = 0 AND t.gate > 0 AND t.behind = 0 AND t.gate = ? AND t.due <= ? ORDER BY t.due LIMIT ?`
export const LOAD: string = `${CLAIMED('')} WHERE t.id IN (SELECT value FROM json_each(?))`
/**
 * Maximum number of attempts of a task. Without this limit, one damaged count would make the claim of all tasks fail.
 */
export const MOST_ATTEMPTS: number = Number.MAX_SAFE_INTEGER - 1
export const CLAIM: string = `UPDATE postern_tasks NOT INDEXED SET state = 1, attempt = min(attempt, ${MOST_ATTEMPTS}) + 1, token = ?, lease = 1
  WHERE id IN (SELECT value FROM json_each(?))`

const OPEN = 'FROM postern_tasks WHERE lane = ? AND state = 0 AND behind = 0 AND'
export const ANY: string = `SELECT 1 ${OPEN} gate = 0 AND turn = 0 AND due <= ?
  UNION ALL SELECT 1 ${OPEN} gate = 0 AND turn > 0 UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 1 AND due <= ?
  UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 2 AND due <= ? UNION ALL SELECT 1 ${OPEN} gate > 0 AND gate = 3 AND due <= ? LIMIT 1`
export const ANY_GATED: string = `SELECT 1 ${OPEN} gate > 0 AND gate = ? AND due <= ? LIMIT 1`
export const FAR: string = `SELECT 1 ${OPEN} gate > 0 AND due > ? LIMIT 1`
export const BRING: string =
  'UPDATE postern_tasks SET due = ? WHERE lane = ? AND state = 0 AND gate > 0 AND behind = 0 AND due > ?'
export const DUE: string = `SELECT (SELECT count(*) ${OPEN} gate = 0 AND due <= ?) + (SELECT count(*) ${OPEN} gate > 0 AND due <= ?) AS n`
export const NEXT_DUE: string = `SELECT min(due) AS due FROM (
  SELECT min(due) AS due ${OPEN} gate = 0 AND due > ? UNION ALL SELECT min(due) ${OPEN} gate > 0 AND due > ?)`
export const OLDEST: string = `SELECT min(due) AS due FROM (
  SELECT min(due) AS due ${OPEN} gate = 0 AND turn = 0 UNION ALL
  SELECT * FROM (SELECT due ${OPEN} gate = 0 AND turn > 0 ORDER BY turn LIMIT 1) UNION ALL
  SELECT min(due) ${OPEN} gate > 0 AND gate = 1 UNION ALL SELECT min(due) ${OPEN} gate > 0 AND gate = 2 UNION ALL
  SELECT min(due) ${OPEN} gate > 0 AND gate = 3)`

const IN_LINE = 'line IS NOT NULL AND (state < 2 OR lease = 1)'

export const NEXT_ROOT: string = `SELECT min(root) AS root FROM postern_tasks INDEXED BY postern_tasks_lines
  WHERE line = ? AND root > ? AND ${IN_LINE}`
const OF_LINE = `SELECT ${TASK}, t.root, t.lease FROM postern_tasks t INDEXED BY postern_tasks_lines
  WHERE line = ? AND root = ? AND ${IN_LINE} AND`
export const FRONT: string = `${OF_LINE} behind = 0 ORDER BY id`
export const FIRST_BEHIND: string = `${OF_LINE} behind = 1 ORDER BY id LIMIT 1`
const OF_KEY = "postern_latest n ON n.root = %root AND n.key = t.fold ->> 'k'"
export const FOLDABLE: string = `SELECT ${TASK}, t.root, n.task AS newest, n.highest, iif(e.contents = 1, e.key, NULL) AS passing
  FROM postern_tasks t INDEXED BY postern_tasks_lines LEFT JOIN ${OF_KEY.replace('%root', 't.root')} LEFT JOIN postern_events e ON ${EVENT}
  WHERE t.line = ? AND t.line IS NOT NULL AND (t.state < 2 OR t.lease = 1) AND t.state = 0 AND t.fold IS NOT NULL ORDER BY t.id`
/**
 * Finds the newest task of each task's `debounce` key. The stored root of a settled task may be old, so the current
 * root of its lane is used. A lane is a subscription, and a root is a number that a lane shares with its previous
 * names.
 */
export const NEWEST: string = `SELECT t.id, n.task FROM postern_tasks t JOIN postern_lanes l ON l.id = t.lane
  JOIN ${OF_KEY.replace('%root', 'l.root')} WHERE t.id IN (SELECT value FROM json_each(?))`
export const WHOLE: string = `SELECT ${TASK} FROM postern_tasks t JOIN postern_events e ON ${EVENT} WHERE t.id = ? AND e.contents IS NOT 2`
export const REMEMBER: string = `INSERT INTO postern_latest (root, key, task, highest, at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET task = excluded.task, highest = excluded.highest, at = excluded.at`
export const FORGET: string = `DELETE FROM postern_latest WHERE (root, key) IN (SELECT root, key FROM postern_latest n
  WHERE n.at < ? AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id = n.task) LIMIT 200)`
export const SET_BEHIND: string = 'UPDATE postern_tasks SET behind = ? WHERE id = ? AND state = 0'
export const STUCK: string = `SELECT DISTINCT line FROM (
  SELECT line FROM postern_tasks INDEXED BY postern_tasks_lines WHERE ${IN_LINE}
  GROUP BY line, root HAVING sum(behind = 0) <> 1)`

export const ADD_PROCESS: string =
  'INSERT INTO postern_processes (name, version, mark, started) VALUES (?, ?, ?, ?)'
export const BEAT: string =
  'UPDATE postern_processes SET beat = beat + 1, silent = 0, gone = 0 WHERE id = ?'
export const PROCESS: string =
  'SELECT mark, beat, seen, looked, silent, gone FROM postern_processes WHERE id = ?'
export const SAW: string =
  'UPDATE postern_processes SET seen = ?, looked = ?, silent = ? WHERE id = ?'
export const GONE: string = 'UPDATE postern_processes SET gone = 1 WHERE id = ?'
export const NEXT_TOKEN: string =
  'SELECT min(token) AS token FROM postern_tasks WHERE lease = 1 AND token >= ?'
export const CLAIMS: string = `SELECT ${TASK}, t.lease FROM postern_tasks t INDEXED BY postern_tasks_leases
  WHERE t.lease = 1 AND t.token >= ? AND t.token < ?`

export const FIND_RECEIVER: string = 'SELECT id FROM postern_receivers WHERE name = ?'
export const ADD_RECEIVER: string = 'INSERT INTO postern_receivers (name) VALUES (?)'
export const LANES_OF: string =
  'SELECT l.id AS lane, l.name, l.root, r.name AS receiver FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE r.name = ?'
export const EVERY_LANE: string =
  'SELECT l.id AS lane, l.name, r.name AS receiver FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver ORDER BY l.id'
export const ADD_LANE: string = 'INSERT INTO postern_lanes (receiver, name, root) VALUES (?, ?, ?)'
export const SET_ROOT: string = 'UPDATE postern_lanes SET root = ? WHERE root = ?'
export const MOVE_LINES: string = `UPDATE postern_tasks SET root = ? WHERE root = ? AND line IS NOT NULL AND (state < 2 OR lease = 1)`
export const COUNT_LANE: string =
  'UPDATE postern_lanes SET pending = pending + ?, running = running + ?, done = done + ?, dead = dead + ? WHERE id = ?'
export const COUNT_TENANT: string = `INSERT INTO postern_tenants (lane, fair, open) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET open = open + ?`
// Number of running tasks of a lane (a subscription) that have no rows yet. `postern_lanes` counts these tasks as done
// from the start, so that their end changes no counter.
const BARE = 'coalesce((SELECT sum(c.left) FROM postern_claims c WHERE c.lane = l.id), 0)'
export const OPEN_TASKS: string = `SELECT sum(l.pending + l.running + ${BARE}) AS open
  FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE r.name = ?`
export const COUNTS: string = `SELECT id, pending, running + bare AS running, done - bare AS done, dead
  FROM (SELECT *, ${BARE} AS bare FROM postern_lanes l)`
export const TAKE_TURNS: string = `INSERT INTO postern_tenants (lane, fair, turn)
  VALUES (?, ?, (SELECT turn FROM postern_lanes WHERE id = ?) + ?)
  ON CONFLICT DO UPDATE SET turn = max(turn + ?, excluded.turn) RETURNING turn, open`
export const TENANT: string = 'SELECT turn, open FROM postern_tenants WHERE lane = ? AND fair = ?'
export const REACH_TURN: string = 'UPDATE postern_lanes SET turn = ? WHERE id = ? AND turn < ?'
export const LATER_TASKS = (columns: string): string =>
  `SELECT ${columns} FROM postern_tasks t INDEXED BY postern_tasks_gated
   WHERE lane = ? AND state = 0 AND gate > 0 AND behind = 0 AND gate = 1 AND due <= ? ORDER BY due LIMIT ?`
export const ENTER_TURN: string =
  'UPDATE postern_tasks SET gate = 0, turn = iif(? > 0, ?, turn) WHERE id = ? AND state = 0 AND gate = 1'

export const ADD_DELIVERY: string = 'INSERT INTO postern_deliveries (head, body) VALUES (?, ?)'
export const ADD_EVENT: string = `INSERT INTO postern_events (id, receiver, key, received, taken, topic, event_id, tenant, delivery, record, head, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
/** PASSING and LOOSE set columns that few events need. As columns of the INSERT, they would make each insert slower. */
export const PASSING: string = 'UPDATE postern_events SET contents = 1 WHERE id = ?'
export const LOOSE: string = 'UPDATE postern_events SET loose = 1 WHERE id = ?'
/** The next event number: above the last event and above all dropped events. */
export const NEXT = 'max(next, coalesce((SELECT max(id) FROM postern_events), 0) + 1)'
export const NEXT_NUMBER: string = `SELECT ${NEXT} AS next FROM postern_numbers`
/** Keeps the number of a dropped event from being used again. */
export const KEEP_NUMBER: string = 'UPDATE postern_numbers SET next = ? WHERE next < ?'
/** The latest time that a process has stored in the file. */
export const CLOCK: string = `SELECT max(clock, coalesce((SELECT taken FROM postern_events ORDER BY id DESC LIMIT 1), 0)) AS clock
  FROM postern_numbers`
/** Locks the file without changing it. */
export const LOCK: string = 'UPDATE postern_numbers SET next = next'
export const SINCE: string =
  'SELECT id FROM postern_events WHERE id >= ? AND receiver = ? AND key = ?'

export const ADD_CLAIMS: string =
  'INSERT INTO postern_claims (token, lane, at, left, tasks) VALUES (?, ?, ?, ?, ?)'
/**
 * A row of `postern_claims` lists tasks that were claimed together; `left` is how many of them still run. END_CLAIMS
 * drops the row when its last tasks end. Before that, TAKE_CLAIMS lowers `left`.
 */
export const END_CLAIMS: string =
  'DELETE FROM postern_claims WHERE token = ? AND lane = ? AND left = ?'
export const TAKE_CLAIMS: string =
  'UPDATE postern_claims SET left = left - ? WHERE token = ? AND lane = ?'
/** Adds rows for done tasks. The values have the form that is described at `FINISH`. */
export const ADD_FINISHED: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, took)
  SELECT ? + ((value >> 31) << 16), ?, 2, ?, 1, ?, value & 2147483647 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`

// True for a list that is readable and names at least as many tasks as are open. An unreadable list must not stop the
// other lists.
const READABLE =
  "iif(json_valid(tasks), json_type(tasks) = 'array' AND (SELECT count(*) FROM json_each(tasks) WHERE type = 'integer') >= left, 0)"
export const ANY_CLAIMS: string = `SELECT 1 FROM postern_claims WHERE at < ? AND ${READABLE} LIMIT 1`
export const SPREAD_CLAIMS: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  SELECT j.value, c.lane, 1, c.at, 1, c.token, 1
  FROM postern_claims c CROSS JOIN json_each(iif(${READABLE}, c.tasks, '[]')) j
  WHERE c.at < ? AND j.type = 'integer' AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id = j.value)`
export const COUNT_CLAIMS: string = `UPDATE postern_lanes SET running = running + c.left, done = done - c.left FROM (
  SELECT lane, sum(left) AS left FROM postern_claims WHERE at < ? AND ${READABLE} GROUP BY lane
) c WHERE postern_lanes.id = c.lane`
export const DROP_CLAIMS: string = `DELETE FROM postern_claims WHERE at < ? AND ${READABLE}`
export const ODD_CLAIMS: string = `SELECT token, lane, at, left FROM postern_claims WHERE NOT ${READABLE}`
/**
 * Finds the tasks of an unreadable list of running tasks, by their events. Such an event was stored at the same time as
 * the list, and has no task in the list's lane. Returns the next free task id of each event. Reads all events, since
 * only a damaged file needs this statement.
 */
export const UNNAMED: string = `SELECT (SELECT coalesce(max(t.id) + 1, e.id << 16) FROM postern_tasks t
    WHERE t.id >= e.id << 16 AND t.id < (e.id + 1) << 16) AS task
  FROM postern_events e WHERE e.taken = ? AND e.receiver = (SELECT receiver FROM postern_lanes WHERE id = ?)
  AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id >= e.id << 16 AND t.id < (e.id + 1) << 16 AND t.lane = ?)`
export const ADD_FOUND: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  VALUES (?, ?, 1, ?, 1, ?, 1)`
export const COUNT_FOUND: string =
  'UPDATE postern_lanes SET running = running + ?, done = done - ? WHERE id = ?'
export const DROP_ODD: string = 'DELETE FROM postern_claims WHERE token = ? AND lane = ?'
