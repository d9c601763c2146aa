import {
  DONE,
  FENCES,
  GONE,
  hashOf,
  passes,
  storable,
  TASKS,
  type Fence,
  type Patch,
  type TaskRow,
} from '@postern/core/engine'
import { jsonOf, list, micros, NOW, tableOf } from '../sql/lines.ts'
import type { Sql, Value } from './connection.ts'
import { insertRows } from './insert.ts'

const NONE: ReadonlySet<number> = new Set()

interface Keyed {
  readonly id: number
  readonly hash: string
}

const ATTEMPTS = {
  head: 'INSERT INTO $.postern_attempts (task, seq, attempt, ended, took, outcome, process, error)',
  row: '?,?,?,?,?,?,?,?',
  tail: `ON DUPLICATE KEY UPDATE attempt = VALUES(attempt), ended = VALUES(ended), took = VALUES(took),
    outcome = VALUES(outcome), process = VALUES(process), error = VALUES(error)`,
}

/** As `Rows.patch`. */
export async function patchTasks(
  sql: Sql,
  given: readonly Patch[],
  fence: Fence,
): Promise<ReadonlySet<number>> {
  if (given.length === 0) return NONE
  const { whole, over, event } = FENCES[fence]
  const ids = given.map(({ id }) => id)
  const events = list([...new Set(ids.map((id) => Math.floor(id / TASKS)))])
  // Locked against erasing where a task of them is to run again.
  const its =
    whole || event
      ? await sql.rows<Keyed>(
          `SELECT id, hash FROM $.postern_events FORCE INDEX (PRIMARY) WHERE id IN (${events}) ${whole ? 'AND (contents IS NULL OR contents <> 2) ORDER BY id LOCK IN SHARE MODE' : ''}`,
        )
      : []
  const hashes = new Map(its.map(({ id, hash }) => [id, hash]))
  // Rows of an open commit are skipped where nobody may wait for them.
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
    return holds ? { one, next: patched(row, one, fence) } : []
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

/** Rows of the history: the first and the last nineteen runs of a task stay. */
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

/** A locked row: what fences look at, and what patches change. */
interface Locked extends TaskRow {
  readonly since: number | null
  readonly lease: number | null
  readonly runs: number
  readonly cause: string | null
  /** The server's clock. */
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

/** The row with a change. */
function patched(row: Locked, patch: Patch, fence: Fence): Locked {
  const { state, wait, open, anew, took, cause } = patch
  const ended = state >= DONE
  // Another has claimed it meanwhile: its claim stays on the settled row until that run ends.
  const theirs = ended && row.lease !== null && row.token !== patch.token
  const now = row.now
  return {
    ...row,
    state,
    due: wait === undefined ? row.due : now + Math.floor(wait),
    since: wait === undefined ? row.since : state === 0 && wait > 0 ? now : null,
    lease: theirs ? row.lease : null,
    token: theirs || open ? row.token : ended ? patch.token : 0,
    round: row.round + (anew ? 1 : 0),
    runs: row.runs - (fence === 'held' ? 1 : 0),
    gate: patch.gate ?? row.gate,
    behind: patch.behind ?? row.behind,
    attempt: patch.attempt ?? row.attempt,
    cut: patch.cut ?? row.cut,
    charged: patch.charged ?? row.charged,
    took: took == null ? (took === null ? null : row.took) : micros(took),
    error: patch.error === undefined ? row.error : patch.error,
    cause: cause === undefined ? row.cause : cause && storable(cause),
    fold: patch.fold ?? row.fold,
  }
}

/** All processes lock rows in one order. */
export function byId<Item extends { readonly id: number }>(all: readonly Item[]): readonly Item[] {
  return all.toSorted((a, b) => a.id - b.id)
}

/** Drops tasks that this transaction has locked, with their history. */
export async function dropTasks(sql: Sql, ids: readonly number[]): Promise<void> {
  for (const [table, column] of [
    ['tasks', 'id'],
    ['attempts', 'task'],
  ])
    await sql.run(
      `DELETE t FROM $.postern_${table} t FORCE INDEX (PRIMARY) WHERE t.${column} IN (${list(ids)})`,
    )
}
