import {
  FENCES,
  GONE,
  hashOf,
  passes,
  patched,
  storable,
  TASKS,
  type Fence,
  type Patch,
  type TaskRow,
} from '@postern/core/engine'
import { jsonOf, list, micros, NOW, tableOf } from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Sql, Value } from './connection.ts'
import { insertRows } from './insert.ts'

const NONE: ReadonlySet<number> = new Set()

const ATTEMPTS = {
  head: 'INSERT INTO $.postern_attempts (task, seq, attempt, ended, took, outcome, process, error)',
  row: '?,?,?,?,?,?,?,?',
  tail: `ON DUPLICATE KEY UPDATE attempt = VALUES(attempt), ended = VALUES(ended), took = VALUES(took),
    outcome = VALUES(outcome), process = VALUES(process), error = VALUES(error)`,
}

/** Changes each task that meets the condition `fence` (see `Rows.patch`). */
export async function patchTasks(
  sql: Sql,
  given: readonly Patch[],
  fence: Fence,
): Promise<ReadonlySet<number>> {
  if (given.length === 0) return NONE
  const { whole, over, event } = FENCES[fence]
  const ids = given.map(({ id }) => id)
  const events = list([...new Set(ids.map((id) => Math.floor(id / TASKS)))])
  // With `whole`, the tasks are to run again, so the lock keeps the contents of their events from being erased.
  const its =
    whole || event
      ? await sql.rows<{ id: number; hash: string }>(
          `SELECT id, hash FROM $.postern_events FORCE INDEX (PRIMARY) WHERE id IN (${events}) ${whole ? 'AND (contents IS NULL OR contents <> 2) ORDER BY id LOCK IN SHARE MODE' : ''}`,
        )
      : []
  const hashes = new Map(its.map(({ id, hash }) => [id, hash]))
  // With `over`, the statement skips rows that an open transaction has locked.
  const rows = await sql.rows<Locked>(
    `SELECT ${LOCKED}, ${NOW} AS now FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE t.id IN (${list(ids)}) ORDER BY t.id FOR UPDATE ${over ? 'SKIP LOCKED' : ''}`,
  )
  const locked = new Map(rows.map((row) => [row.id, row]))
  const counted = byId(given).flatMap((one) => {
    const row = locked.get(one.id)
    const number = Math.floor(one.id / TASKS)
    const isSame = (): boolean =>
      one.event !== undefined && hashes.get(number) === hashOf(one.event.receiver, one.event.key)
    const holds =
      row?.round === one.round &&
      passes(fence, one, row, {
        due: () => row.due <= row.now || row.gate === 0,
        over: () => row.lease !== null && row.lease <= row.now,
        whole: () => hashes.has(number),
        event: () => (isSame() ? one.event : undefined),
      })
    return holds ? { one, next: change(row, one, fence) } : []
  })
  if (counted.length === 0) return NONE
  const done = new Set(counted.map(({ one }) => one.id))
  if (given[0]!.state === GONE) await dropTasks(sql, [...done])
  else {
    await sql.run(PATCH, [
      jsonOf(
        counted.map(({ next }) =>
          CHANGED.map((name) => (name === 'behind' ? Number(next.behind) : next[name])),
        ),
      ),
    ])
    await addAttempts(
      sql,
      counted.filter(({ one }) => one.attempted),
    )
  }
  return done
}

/** Adds attempts to the history of tasks, which keeps the first run and the last nineteen runs of a task. */
async function addAttempts(
  sql: Sql,
  all: readonly { readonly one: Patch; readonly next: Locked }[],
): Promise<void> {
  const rows = all.map(({ one, next }): Value[] => {
    const { attempt, took, outcome, error, ended = next.now } = one.attempted!
    const process = Math.floor(one.token / 2 ** 32)
    const time = took === null ? null : micros(took)
    return [one.id, next.runs, attempt, Math.floor(ended), time, outcome, process, error]
  })
  await insertRows(sql, ATTEMPTS, rows)
  const old = all.filter(({ next }) => next.runs > 20)
  if (old.length > 0)
    await sql.run(
      `DELETE a FROM $.postern_attempts a FORCE INDEX (PRIMARY) WHERE ${old.map(({ next }) => `(a.task = ${next.id} AND a.seq > 1 AND a.seq <= ${next.runs - 19})`).join(' OR ')}`,
    )
}

interface Locked extends TaskRow {
  readonly since: number | null
  readonly lease: number | null
  readonly runs: number
  readonly cause: string | null
  /** Time of the server's clock when the row was read, in milliseconds. */
  readonly now: number
}

const CHANGED = [
  'id',
  'state',
  'gate',
  'behind',
  'due',
  'since',
  'lease',
  'token',
  'round',
  'runs',
  'attempt',
  'cut',
  'charged',
  'took',
  'error',
  'cause',
  'fold',
] as const
const TEXTS: readonly string[] = ['error', 'cause', 'fold']
const LOCKED: string = CHANGED.map((name) => `t.${name}`).join(', ')
const PATCH = `UPDATE ${tableOf(Object.fromEntries(CHANGED.map((name) => [name, TEXTS.includes(name) ? 'LONGTEXT' : 'BIGINT'])))}
  STRAIGHT_JOIN $.postern_tasks t FORCE INDEX (PRIMARY) ON t.id = i.id
  SET ${CHANGED.slice(1)
    .map((name) => `t.${name} = i.${name}`)
    .join(', ')}`

function change(row: Locked, patch: Patch, fence: Fence): Locked {
  const { now, lease, runs } = row
  const { theirs, took, cause, ...next } = patched(row, patch, lease !== null, now)
  const { state, wait } = patch
  return {
    ...row,
    ...next,
    since: wait === undefined ? row.since : state === 0 && next.gate > 0 ? now : null,
    lease: theirs ? lease : null,
    runs: runs - (fence === 'held' ? 1 : 0),
    took: took === null ? null : micros(took),
    cause: cause && storable(cause),
  }
}

/** Sorts items by id, so that all processes lock rows in the same order. */
export function byId<Item extends { readonly id: number }>(all: readonly Item[]): readonly Item[] {
  return all.toSorted((a, b) => a.id - b.id)
}

/** Drops tasks that this transaction has locked, with their history. */
async function dropTasks(sql: Sql, ids: readonly number[]): Promise<void> {
  const { drop } = tableSql(sql)
  await drop('tasks', ({ among }) => among('r.id', ids))
  await drop('attempts', ({ among }) => among('r.task', ids))
}
