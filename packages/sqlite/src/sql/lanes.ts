/** Receivers, lanes, tenants and their turns. */
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
// The lanes have tasks without rows among the done ones.
const BARE = 'coalesce((SELECT sum(c.left) FROM postern_claims c WHERE c.lane = l.id), 0)'
export const OPEN_TASKS: string = `SELECT sum(l.pending + l.running + ${BARE}) AS open
  FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE r.name = ?`
export const COUNTS: string = `SELECT id, pending, running + bare AS running, done - bare AS done, dead
  FROM (SELECT *, ${BARE} AS bare FROM postern_lanes l)`
/** `max(turn of the lane, last turn of the tenant) + step`. */
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
