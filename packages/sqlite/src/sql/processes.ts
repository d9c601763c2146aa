import { TASK } from './tasks.ts'

export const ADD_PROCESS: string =
  'INSERT INTO postern_processes (name, version, mark, started) VALUES (?, ?, ?, ?)'
/** A sign of life: what others saw counts no more. */
export const BEAT: string =
  'UPDATE postern_processes SET beat = beat + 1, silent = 0, gone = 0 WHERE id = ?'
export const PROCESS: string =
  'SELECT mark, beat, seen, looked, silent, gone FROM postern_processes WHERE id = ?'
export const SAW: string =
  'UPDATE postern_processes SET seen = ?, looked = ?, silent = ? WHERE id = ?'
export const GONE: string = 'UPDATE postern_processes SET gone = 1 WHERE id = ?'
/** The next process that has claims, behind a token. */
export const NEXT_TOKEN: string =
  'SELECT min(token) AS token FROM postern_tasks WHERE lease = 1 AND token >= ?'
export const CLAIMS: string = `SELECT ${TASK}, t.lease FROM postern_tasks t INDEXED BY postern_tasks_leases
  WHERE t.lease = 1 AND t.token >= ? AND t.token < ?`
