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

export const ANY_CLAIMS: string = 'SELECT 1 FROM postern_claims WHERE at < ? LIMIT 1'
export const SPREAD_CLAIMS: string = `INSERT INTO postern_tasks (id, lane, state, due, attempt, token, lease)
  SELECT id, lane, 1, at, 1, token, 1 FROM postern_claimed WHERE at < ?`
export const DROP_CLAIMS: string = 'DELETE FROM postern_claims WHERE at < ?'
