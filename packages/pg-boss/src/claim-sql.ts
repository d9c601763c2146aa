import { ALONE, INTERRUPTED, PARKED } from './turns.ts'

/**
 * One statement that claims for any number of queues. Its parameters: names, tasks that each may have ahead, tasks that
 * each can start at once, tasks in all, and 1 if a suspect may be among them. Its clock is `now()`: PostgreSQL uses no
 * index for `clock_timestamp()`, which may change within a statement. Without the outer LIMIT PostgreSQL expects too
 * many rows and reads all jobs.
 */
export function claimSql(schema: string): string {
  const pick = (priority: string, most: string): string => `
    SELECT n.name, n.id, n.priority FROM w CROSS JOIN LATERAL (
      SELECT j.name, j.id, j.priority FROM ${schema}.job j
      WHERE j.name = w.name AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now() AND ${priority}
      ORDER BY j.priority DESC, j.created_on LIMIT ${most} FOR UPDATE SKIP LOCKED) n`
  return `WITH w AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::int[], $3::int[]) AS w(name, room, now)),
  alone AS MATERIALIZED (${pick(`j.priority = ${ALONE}`, 'LEAST(w.now, 1)')} WHERE w.now > 0 LIMIT $5::int),
  again AS MATERIALIZED (${pick(`j.priority = ${INTERRUPTED}`, 'w.now')} WHERE w.now > 0 LIMIT $4::int),
  fresh AS MATERIALIZED (
    SELECT * FROM (${pick(`j.priority <= 0 AND j.priority > ${PARKED}`, 'w.room')} LIMIT $4::int) f
    LIMIT GREATEST($4::int - (SELECT count(*) FROM again) - (SELECT count(*) FROM alone), 0)),
  n AS MATERIALIZED (SELECT * FROM alone UNION ALL SELECT * FROM again UNION ALL SELECT * FROM fresh),
  c AS (
    UPDATE ${schema}.job j SET state = 'active', started_on = clock_timestamp(), heartbeat_on = clock_timestamp(),
      retry_count = CASE WHEN j.started_on IS NULL THEN j.retry_count ELSE j.retry_count + 1 END
    FROM n WHERE j.name = n.name AND j.id = n.id
    RETURNING j.id, j.name, j.data, j.retry_count AS count, n.priority),
  v AS (
    UPDATE ${schema}.postern_lanes l SET turn = m.turn
    FROM (SELECT name, max(-priority) AS turn FROM c WHERE priority < 0 GROUP BY name) m
    WHERE l.queue = m.name AND l.turn < m.turn)
  SELECT * FROM c`
}
