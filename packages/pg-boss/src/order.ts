import { lockOf } from './ids.ts'
import type { NewJob } from './jobs.ts'
import type { PgExecutor } from './pg.ts'

/** A task of an order key. */
export interface OrderedTask {
  readonly id: string
  readonly queue: string
  /** Queue of the subscription under its present name: tasks of its former names stand in the same line. */
  readonly line: string
  /** Id of its order key. */
  readonly key: string
}

/**
 * Locks the lines of these keys until the transaction ends. Call it before other statements of the transaction read
 * them: only statements after it see commits of other processes that it waited for.
 */
export async function lockKeys(db: PgExecutor, keys: Iterable<string>): Promise<void> {
  const locks = [...new Set(keys)].toSorted().map(lockOf)
  if (locks.length === 0) return
  await db.executeSql('SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS l(lock)', [
    locks,
  ])
}

/** Ordered tasks of new jobs. */
export function orderedOf(
  jobs: readonly NewJob[],
  lineOf: (queue: string) => string,
): readonly OrderedTask[] {
  return jobs.flatMap(({ id, queue, data }) =>
    data.order === undefined
      ? []
      : [{ id, queue: queue.name, line: lineOf(queue.name), key: data.order }],
  )
}

/** Puts tasks at the end of their lines. All but the first of a line are blocked: `fetch` of pg-boss skips them. */
export async function enqueue(
  db: PgExecutor,
  schema: string,
  tasks: readonly OrderedTask[],
): Promise<void> {
  if (tasks.length === 0) return
  await db.executeSql(
    `INSERT INTO ${schema}.postern_order (id, queue, line, key)
     SELECT id, queue, line, key FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[])
     WITH ORDINALITY AS t(id, queue, line, key, at) ORDER BY at ON CONFLICT DO NOTHING`,
    [
      tasks.map((task) => task.id),
      tasks.map((task) => task.queue),
      tasks.map((task) => task.line),
      tasks.map((task) => task.key),
    ],
  )
  await db.executeSql(
    `UPDATE ${schema}.job j SET blocked = true FROM ${schema}.postern_order o
     WHERE o.id = ANY($1::uuid[]) AND j.id = ANY($1::uuid[]) AND j.name = ANY($2::text[])
       AND j.name = o.queue AND j.id = o.id AND j.state < 'active' AND EXISTS (
       SELECT 1 FROM ${schema}.postern_order p WHERE p.key = o.key AND p.line = o.line AND p.seq < o.seq)`,
    [tasks.map((task) => task.id), [...new Set(tasks.map((task) => task.queue))]],
  )
}

/** Takes settled tasks, dead ones too, out of their lines and lets the next of each run. */
export async function release(
  db: PgExecutor,
  schema: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  const gone = await db.executeSql(
    `DELETE FROM ${schema}.postern_order WHERE id = ANY($1::uuid[]) RETURNING line, key`,
    [ids],
  )
  if (gone.rows.length === 0) return
  const heads = await db.executeSql(
    `SELECT DISTINCT ON (o.line, o.key) o.queue, o.id FROM ${schema}.postern_order o
     JOIN unnest($1::text[], $2::uuid[]) AS g(line, key) ON o.line = g.line AND o.key = g.key
     ORDER BY o.line, o.key, o.seq`,
    [gone.rows.map((row) => row['line']), gone.rows.map((row) => row['key'])],
  )
  if (heads.rows.length === 0) return
  await db.executeSql(
    `UPDATE ${schema}.job SET blocked = false WHERE name = ANY($1::text[]) AND id = ANY($2::uuid[]) AND blocked`,
    [[...new Set(heads.rows.map((row) => row['queue']))], heads.rows.map((row) => row['id'])],
  )
}

/** Puts the lines of a subscription's former names into its own. */
export async function mergeLines(
  db: PgExecutor,
  schema: string,
  line: string,
  former: readonly string[],
): Promise<void> {
  await db.executeSql(`UPDATE ${schema}.postern_order SET line = $1 WHERE line = ANY($2::text[])`, [
    line,
    former,
  ])
}
