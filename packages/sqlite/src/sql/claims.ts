/** Plain tasks of a lane that are claimed by their insert. */
export const ADD_CLAIMS: string =
  'INSERT INTO postern_claims (token, lane, at, left, tasks) VALUES (?, ?, ?, ?, ?)'
/** All of them end at once; or some. */
export const END_CLAIMS: string =
  'DELETE FROM postern_claims WHERE token = ? AND lane = ? AND left = ?'
export const TAKE_CLAIMS: string =
  'UPDATE postern_claims SET left = left - ? WHERE token = ? AND lane = ?'
/** Rows of those that end: values as in `FINISH`. */
export const ADD_FINISHED: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, took)
  SELECT ? + ((value >> 31) << 16), ?, 2, ?, 1, ?, value & 2147483647 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`

// A list that cannot be read, or names fewer tasks than are open, must not keep the others from theirs.
const READABLE =
  "iif(json_valid(tasks), json_type(tasks) = 'array' AND (SELECT count(*) FROM json_each(tasks) WHERE type = 'integer') >= left, 0)"
export const ANY_CLAIMS: string = `SELECT 1 FROM postern_claims WHERE at < ? AND ${READABLE} LIMIT 1`
export const SPREAD_CLAIMS: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  SELECT j.value, c.lane, 1, c.at, 1, c.token, 1
  FROM postern_claims c CROSS JOIN json_each(iif(${READABLE}, c.tasks, '[]')) j
  WHERE c.at < ? AND j.type = 'integer' AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id = j.value)`
/** The lanes have them among the done ones. */
export const COUNT_CLAIMS: string = `UPDATE postern_lanes SET running = running + c.left, done = done - c.left FROM (
  SELECT lane, sum(left) AS left FROM postern_claims WHERE at < ? AND ${READABLE} GROUP BY lane
) c WHERE postern_lanes.id = c.lane`
export const DROP_CLAIMS: string = `DELETE FROM postern_claims WHERE at < ? AND ${READABLE}`
/** Those that cannot be read. */
export const ODD_CLAIMS: string = `SELECT token, lane, at, left FROM postern_claims WHERE NOT ${READABLE}`
/**
 * What such a list must have named: events that were stored in its commit, at one time, without a task of its lane; and the
 * next free place among their tasks. It reads all events: only a file that was damaged needs it.
 */
export const UNNAMED: string = `SELECT (SELECT coalesce(max(t.id) + 1, e.id << 16) FROM postern_tasks t
    WHERE t.id >= e.id << 16 AND t.id < (e.id + 1) << 16) AS task
  FROM postern_events e WHERE e.taken = ? AND e.receiver = (SELECT receiver FROM postern_lanes WHERE id = ?)
  AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id >= e.id << 16 AND t.id < (e.id + 1) << 16 AND t.lane = ?)`
/** A task that was found, as one that runs. */
export const ADD_FOUND: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  VALUES (?, ?, 1, ?, 1, ?, 1)`
export const COUNT_FOUND: string =
  'UPDATE postern_lanes SET running = running + ?, done = done - ? WHERE id = ?'
export const DROP_ODD: string = 'DELETE FROM postern_claims WHERE token = ? AND lane = ?'
