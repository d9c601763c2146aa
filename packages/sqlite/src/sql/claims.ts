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

// A row whose tasks cannot be read must not keep the others from theirs.
export const ANY_CLAIMS: string =
  'SELECT 1 FROM postern_claims WHERE at < ? AND json_valid(tasks) LIMIT 1'
export const SPREAD_CLAIMS: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  SELECT j.value, c.lane, 1, c.at, 1, c.token, 1
  FROM postern_claims c CROSS JOIN json_each(iif(json_valid(c.tasks), c.tasks, '[]')) j
  WHERE c.at < ? AND j.type = 'integer' AND NOT EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id = j.value)`
/** The lanes have them among the done ones. */
export const COUNT_CLAIMS: string = `UPDATE postern_lanes SET running = running + c.left, done = done - c.left FROM (
  SELECT lane, sum(left) AS left FROM postern_claims WHERE at < ? AND json_valid(tasks) GROUP BY lane
) c WHERE postern_lanes.id = c.lane`
export const DROP_CLAIMS: string = 'DELETE FROM postern_claims WHERE at < ? AND json_valid(tasks)'
/** Those that cannot be read. They go with the process that has them in memory. */
export const ODD_CLAIMS: string =
  'SELECT token, lane, left FROM postern_claims WHERE NOT json_valid(tasks)'
