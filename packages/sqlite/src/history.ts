import type { Attempt, TaskError } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { processOf } from './token.ts'

/** Outcomes of attempts as they are stored. */
const OUTCOMES = ['done', 'retry', 'postpone', 'dead', 'interrupted'] as const

/** One ended attempt, as it is stored. */
export interface Ended {
  readonly task: number
  readonly attempt: number
  readonly ended: number
  /** Microseconds; undefined if it was interrupted. */
  readonly took: number | undefined
  readonly outcome: Attempt['outcome']
  /** Of its claim: names its process. */
  readonly token: number
  readonly error: string | null
}

// Kept of a task: its first attempt and the last ones.
const LAST = 19

/**
 * Attempts that are not the last of a settled task: that one is on the task's own row, so that a task which is done at
 * once costs no row here. Inside a transaction.
 */
export interface History {
  add(ended: Ended): void
  /** Adds the last attempt of a settled task from its row, before the row becomes pending again. */
  keep(task: number): void
  /** Forgets those of a task. */
  drop(task: number): void
}

/** Prepares the statements. */
export function createHistory(db: Database): History {
  const last = db.prepare('SELECT max(seq) AS seq FROM postern_attempts WHERE task = ?')
  const insert = db.prepare(
    'INSERT INTO postern_attempts (task, seq, attempt, ended, took, outcome, process, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const trim = db.prepare('DELETE FROM postern_attempts WHERE task = ? AND seq = ? AND seq > 1')
  const dropAll = db.prepare('DELETE FROM postern_attempts WHERE task = ?')
  const settled = db.prepare(
    'SELECT attempt, due, took, state, token, error FROM postern_tasks WHERE id = ? AND state >= 2 AND took IS NOT NULL',
  )

  return { add, keep, drop: (task) => void dropAll.run(task) }

  function add({ task, attempt, ended, took, outcome, token, error }: Ended): void {
    const { seq } = last.get(task) as { seq: number | null }
    const next = (seq ?? 0) + 1
    insert.run(
      task,
      next,
      attempt,
      ended,
      took ?? null,
      OUTCOMES.indexOf(outcome),
      processOf(token),
      error,
    )
    if (next > LAST) trim.run(task, next - LAST)
  }

  function keep(task: number): void {
    const row = settled.get(task) as unknown as SettledRow | undefined
    if (row) add({ ...row, task, ended: row.due, outcome: row.state === 2 ? 'done' : 'dead' })
  }
}

/** Reads the attempts of a task, oldest first. */
export function createAttemptsOf(db: Database): (task: number) => readonly Attempt[] {
  const rows = db.prepare(
    `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, p.name FROM postern_attempts a
     LEFT JOIN postern_processes p ON p.id = a.process WHERE a.task = ? ORDER BY a.seq`,
  )
  const own = db.prepare(
    `SELECT t.attempt, t.due AS ended, t.took, iif(t.state = 2, 0, 3) AS outcome, t.error, p.name
     FROM postern_tasks t LEFT JOIN postern_processes p ON p.id = t.token / 4294967296
     WHERE t.id = ? AND t.state >= 2 AND t.took IS NOT NULL`,
  )
  return (task) => {
    const all = [...rows.all(task), ...own.all(task)] as unknown as AttemptRow[]
    const kept = all.length > LAST + 1 ? [all[0]!, ...all.slice(-LAST)] : all
    return kept.map(attempt)
  }
}

function attempt({ attempt: number, ended, took, outcome, error, name }: AttemptRow): Attempt {
  const duration = took === null ? undefined : took / 1000
  return {
    attempt: number,
    startedAt: Math.floor(ended - (duration ?? 0)),
    duration,
    outcome: OUTCOMES[outcome]!,
    ...(error !== null && { error: JSON.parse(error) as TaskError }),
    process: name ?? '',
  }
}

interface SettledRow {
  readonly attempt: number
  readonly due: number
  readonly took: number
  readonly state: number
  readonly token: number
  readonly error: string | null
}

interface AttemptRow {
  readonly attempt: number
  readonly ended: number
  readonly took: number | null
  readonly outcome: number
  readonly error: string | null
  readonly name: string | null
}
