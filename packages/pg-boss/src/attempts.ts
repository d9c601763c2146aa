import { hostname } from 'node:os'
import type { Attempt, TaskError } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'

/** This process, as attempts name it. */
export const PROCESS: string = `${hostname()}:${process.pid}`

/** A row of postern_attempts. */
export interface AttemptRow extends Omit<Attempt, 'startedAt' | 'error'> {
  /** Id of its task. */
  readonly task: string
  /** Count of pg-boss for its claim. */
  readonly run: number
  readonly started: number
  readonly error: TaskError | undefined
}

/** Attempts kept of a task beside its first. */
const LAST = 19

/** Stores attempts in the transaction of `client`. */
export async function recordAttempts(
  client: PgExecutor,
  schema: string,
  rows: readonly AttemptRow[],
): Promise<void> {
  if (rows.length === 0) return
  await client.executeSql(
    `WITH a AS (
       INSERT INTO ${schema}.postern_attempts (task, run, attempt, started, duration, outcome, error, process)
       SELECT task, run, attempt, floor(started), duration, outcome, error, process
       FROM json_to_recordset($1::json) AS a(task uuid, run int, attempt int, started float8, duration float8,
         outcome text, error jsonb, process text)
       ON CONFLICT DO NOTHING RETURNING task, run)
     ${dropOld(schema)}`,
    [JSON.stringify(rows)],
  )
}

/** A statement that keeps of each task of `a` the first attempt and the last ones. */
export function dropOld(schema: string): string {
  return `DELETE FROM ${schema}.postern_attempts o USING a WHERE o.task = a.task AND a.run > ${LAST}
    AND o.run <= a.run - ${LAST} AND o.run > (SELECT min(f.run) FROM ${schema}.postern_attempts f WHERE f.task = a.task)`
}

/** Reads the attempts of a task, oldest first. An attempt that was done at once has no row: its job has start and duration. */
export async function attemptsOf(engine: Engine, task: string): Promise<readonly Attempt[]> {
  const { schema } = engine.settings
  const { rows } = await engine.db.executeSql(
    `SELECT attempt, "startedAt", duration, outcome, error, process FROM (
     SELECT attempt, started::float8 AS "startedAt", duration, outcome, error, process, run
     FROM ${schema}.postern_attempts WHERE task = $1
     UNION ALL
     SELECT j.retry_count - (j.data->>'base')::int + 1, (j.output->>'at')::float8, (j.output->>'ms')::float8, 'done', NULL,
       j.output->>'by', j.retry_count
     FROM ${schema}.job j WHERE j.id = $1 AND j.name = ANY($2::text[]) AND j.state = 'completed' AND j.output ? 'at'
       AND NOT EXISTS (SELECT 1 FROM ${schema}.postern_attempts a WHERE a.task = $1 AND a.run = j.retry_count)
     ) a ORDER BY run`,
    [task, engine.queues.all().map((queue) => queue.name)],
  )
  return rows.map(({ duration, error, ...row }) => ({
    ...row,
    duration: duration ?? undefined,
    ...(error !== null && { error: error as TaskError }),
  })) as unknown as readonly Attempt[]
}
