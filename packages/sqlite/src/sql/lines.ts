import { TASK } from './tasks.ts'

const IN_LINE = 'line IS NOT NULL AND (state < 2 OR lease = 1)'

/** The next root of a line behind one. */
export const NEXT_ROOT: string = `SELECT min(root) AS root FROM postern_tasks INDEXED BY postern_tasks_lines
  WHERE line = ? AND root > ? AND ${IN_LINE}`
const OF_LINE = `SELECT ${TASK}, t.root, t.lease FROM postern_tasks t INDEXED BY postern_tasks_lines
  WHERE line = ? AND root = ? AND ${IN_LINE} AND`
/** Tasks of a line that no other holds up; and the first that one does. */
export const FRONT: string = `${OF_LINE} behind = 0 ORDER BY id`
export const FIRST_BEHIND: string = `${OF_LINE} behind = 1 ORDER BY id LIMIT 1`
export const SET_BEHIND: string = 'UPDATE postern_tasks SET behind = ? WHERE id = ? AND state = 0'
/** Lines in which nobody may run, or two may. */
export const STUCK: string = `SELECT DISTINCT line FROM (
  SELECT line FROM postern_tasks INDEXED BY postern_tasks_lines WHERE ${IN_LINE}
  GROUP BY line, root HAVING sum(behind = 0) <> 1)`
