import { dropOld } from './attempts.ts'

/**
 * One statement that settles. Its parameters: rows of outcomes, names of their queues, their ids, and this process. Names
 * and ids are given again as arrays: with a join alone PostgreSQL may read all jobs. The fence is pg-boss's count, which
 * each claim raises. An outcome after the end of its lease counts if the task was not claimed since: then it was not
 * interrupted. A given-back task keeps its interruptions and its place. A task that is done at once has no row of
 * attempts: its job has start and duration.
 */
export function settleSql(schema: string): string {
  return `WITH s AS (
    UPDATE ${schema}.job j SET
      state = (CASE i.kind WHEN 'done' THEN 'completed' WHEN 'dead' THEN 'failed' ELSE 'retry' END)::${schema}.job_state,
      completed_on = CASE WHEN i.kind IN ('done', 'dead') THEN clock_timestamp() END,
      start_after = CASE WHEN i.kind IN ('done', 'dead') THEN j.start_after ELSE clock_timestamp() + i.wait * interval '1 millisecond' END,
      priority = COALESCE(i.priority, j.priority),
      output = CASE i.kind WHEN 'postpone' THEN j.output ELSE COALESCE(i.error, '{}'::jsonb)
        || CASE WHEN i.cause IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('cause', i.cause) END
        || jsonb_build_object('at', i.at, 'ms', i.ms, 'by', $4::text) END,
      data = CASE WHEN i.given THEN j.data || jsonb_build_object('base', i.base)
        WHEN j.data ? 'cut' OR i.kind = 'postpone'
        THEN (j.data - '{cut,charged}'::text[]) || jsonb_build_object('base', i.base) ELSE j.data END
    FROM json_to_recordset($1::json) AS i(name text, id uuid, count int, attempt int, base int, kind text,
      priority int, given boolean, wait float8, at float8, ms float8, cause text, error jsonb)
    WHERE j.name = ANY($2::text[]) AND j.id = ANY($3::uuid[]) AND j.name = i.name AND j.id = i.id
      AND j.retry_count = i.count AND (j.state = 'active' OR (j.state = 'retry' AND j.data ? 'cut' AND NOT i.given))
    RETURNING j.id, extract(epoch FROM j.start_after - clock_timestamp())::float8 * 1000 AS wait,
      j.heartbeat_on + (j.data->>'lease')::float8 * interval '1 second' < clock_timestamp() AND NOT i.given AS late,
      i.count, i.attempt, i.kind, i.at, i.ms, i.error),
  a AS (
    INSERT INTO ${schema}.postern_attempts AS t (task, run, attempt, started, duration, outcome, error, process)
    SELECT id, count, attempt, at, ms, kind, error, $4 FROM s
    WHERE at IS NOT NULL AND (kind <> 'done' OR count > 0)
    ON CONFLICT (task, run) DO UPDATE SET started = EXCLUDED.started, duration = EXCLUDED.duration,
      outcome = EXCLUDED.outcome, error = EXCLUDED.error, process = EXCLUDED.process
    RETURNING task, run),
  o AS (${dropOld(schema)})
  SELECT id, wait, late FROM s`
}
