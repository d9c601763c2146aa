export const LAST_SEQ: string = 'SELECT max(seq) AS seq FROM postern_attempts WHERE task = ?'
export const ADD_ATTEMPT: string =
  'INSERT INTO postern_attempts (task, seq, attempt, ended, took, outcome, process, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
export const TRIM_ATTEMPTS: string =
  'DELETE FROM postern_attempts WHERE task = ? AND seq = ? AND seq > 1'
export const DROP_ATTEMPTS: string = 'DELETE FROM postern_attempts WHERE task = ?'
/** Those of a task, with the one on its own row, oldest first. */
export const ATTEMPTS: string = `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, p.name AS process, a.seq FROM postern_attempts a
  LEFT JOIN postern_processes p ON p.id = a.process WHERE a.task = ?
  UNION ALL SELECT t.attempt, t.due, t.took, iif(t.state = 2, 0, 3), t.error, p.name, 9007199254740991
  FROM postern_tasks t LEFT JOIN postern_processes p ON p.id = t.token >> 32
  WHERE t.id = ? AND t.state >= 2 AND t.took IS NOT NULL ORDER BY 7`
