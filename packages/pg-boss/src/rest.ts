import type { Drained } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'

/** Makes the function that counts the rest after a drain: due tasks, and the time of the next one. */
export function createRest(
  { db, settings: { schema } }: Engine,
  lanes: Lanes,
): () => Promise<Pick<Drained, 'left' | 'next'>> {
  const sql = `SELECT
    (SELECT count(*) FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.state < 'active' AND NOT j.blocked
      AND j.start_after <= clock_timestamp())::int AS left,
    extract(epoch FROM LEAST(
      (SELECT min(j.start_after) FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.state < 'active' AND NOT j.blocked),
      (SELECT min(j.heartbeat_on + (j.data->>'lease')::float8 * interval '1 second') FROM ${schema}.job j
       WHERE j.name = ANY($1::text[]) AND j.state = 'active')
    ) - clock_timestamp())::float8 * 1000 AS next`

  return async () => {
    const { rows } = await db.executeSql(sql, [lanes.names()])
    const { left, next } = rows[0] as { readonly left: number; readonly next: number | null }
    return {
      left,
      next: next === null ? undefined : Math.round(Date.now() + Math.max(0, next)),
    }
  }
}
