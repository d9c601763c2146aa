import type { Attempted, AttemptRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { processOf } from '../lease/processes.ts'

/** Outcomes of attempts as they are stored. */
const OUTCOMES = ['done', 'retry', 'postpone', 'dead', 'interrupted'] as const

// Kept of a task: its first attempt and the last ones.
const LAST = 19

/**
 * Attempts that are not the last of a settled task: that one is on the task's own row, so that a task which is done at
 * once costs no row here. Inside a transaction.
 */
export interface Attempts {
  add(task: number, token: number, attempted: Attempted, now: number): void
  /** Forgets those of a task. */
  drop(task: number): void
}

/** Prepares the statements. */
export function createAttempts(db: Database): Attempts {
  const last = db.prepare(LAST_SEQ)
  const insert = db.prepare(ADD_ATTEMPT)
  const trim = db.prepare(TRIM_ATTEMPTS)
  const drop = db.prepare(DROP_ATTEMPTS)

  return {
    add(task, token, { attempt, took, outcome, error, ended }, now) {
      const { seq } = last.get(task) as { seq: number | null }
      const next = (seq ?? 0) + 1
      const kind = OUTCOMES.indexOf(outcome)
      insert.run(task, next, attempt, Math.floor(ended ?? now), took, kind, processOf(token), error)
      if (next > LAST) trim.run(task, next - LAST)
    },
    drop: (task) => void drop.run(task),
  }
}

/** Makes `Viewed.attempts`. */
export function createAttemptsOf(db: Database): (task: number) => readonly AttemptRow[] {
  const find = db.prepare(ATTEMPTS)
  return (task) =>
    (find.all(task, task) as (Omit<AttemptRow, 'outcome'> & { outcome: number })[]).map((row) => ({
      ...row,
      outcome: OUTCOMES[row.outcome]!,
      process: row.process ?? '',
    }))
}

const LAST_SEQ: string = 'SELECT max(seq) AS seq FROM postern_attempts WHERE task = ?'
const ADD_ATTEMPT: string =
  'INSERT INTO postern_attempts (task, seq, attempt, ended, took, outcome, process, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const TRIM_ATTEMPTS: string = 'DELETE FROM postern_attempts WHERE task = ? AND seq = ? AND seq > 1'
const DROP_ATTEMPTS: string = 'DELETE FROM postern_attempts WHERE task = ?'
/** Those of a task, with the one on its own row, oldest first. */
const ATTEMPTS: string = `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, p.name AS process, a.seq FROM postern_attempts a
  LEFT JOIN postern_processes p ON p.id = a.process WHERE a.task = ?
  UNION ALL SELECT t.attempt, t.due, t.took, iif(t.state = 2, 0, 3), t.error, p.name, 9007199254740991
  FROM postern_tasks t LEFT JOIN postern_processes p ON p.id = t.token >> 32
  WHERE t.id = ? AND t.state >= 2 AND t.took IS NOT NULL ORDER BY 7`
