import { storable, TASKS } from '@postern/core/engine'
import { viewOf } from '../store/contents.ts'

/** The server's clock in milliseconds, constant within a statement. Local time would repeat an hour each autumn. */
export const NOW = `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)`

/** The columns of a `TaskRow`, read from `postern_tasks t`. */
export const TASK: string = `t.id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token, t.round, t.cut, t.charged, t.line, t.fair,
  t.due, t.took, t.error, t.fold`

export const EVENT: string = `e.id = t.id DIV ${TASKS}`

/** Columns for the contents of an event. `shared` is from its delivery, if several events share that delivery. */
export const CONTENTS = 'e.packed, d.packed AS shared'
export const DELIVERY = 'LEFT JOIN $.postern_deliveries d ON d.id = e.delivery'

export function list(values: readonly number[]): string {
  return values.join() || 'NULL'
}

export function idsOf(rows: readonly { readonly id: number }[]): string {
  return list(rows.map(({ id }) => id))
}

export function hexes(values: readonly string[]): string {
  return values.map((each) => `x'${each}'`).join() || 'NULL'
}

export function literal(text: string): string {
  return `x'${bytesOf(text).toString('hex')}'`
}

/** Returns UTF-8 bytes. UTF-8 cannot encode half a surrogate pair, so `storable` adds a hash to such texts. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(storable(text))
}

/** Changes tasks that this transaction has locked. Runs no statement if there are no tasks. */
export async function updateTasks(
  sql: { run(text: string): Promise<unknown> },
  ids: readonly number[],
  set: string,
  which = '',
): Promise<void> {
  if (ids.length > 0)
    await sql.run(
      `UPDATE $.postern_tasks t FORCE INDEX (PRIMARY) SET ${set} WHERE t.id IN (${list(ids)}) ${which}`,
    )
}

/** Returns the condition for the tasks of events: one range of the primary key for each event. */
export function ofEvents(events: readonly number[]): string {
  return (
    events
      .map((one) => `t.id BETWEEN ${one * TASKS} AND ${one * TASKS + TASKS - 1}`)
      .join(' OR ') || '1 = 0'
  )
}

/**
 * Returns SQL for rows from one JSON parameter. The columns are wide, since MariaDB truncates longer values without an
 * error.
 */
export function tableOf(columns: Readonly<Record<string, 'BIGINT' | 'LONGTEXT'>>): string {
  const all = Object.entries(columns).map(
    ([name, type], at) => `${name} ${type} PATH '$[${at}]' ERROR ON ERROR`,
  )
  return `JSON_TABLE(CONVERT(? USING utf8mb4), '$[*]' COLUMNS (${all.join(', ')})) i`
}

/** Returns rows as JSON: the value for the `?` in the SQL of {@link tableOf}. */
export function jsonOf(rows: readonly (readonly unknown[])[]): Buffer {
  return Buffer.from(JSON.stringify(rows))
}

// Names of columns: BYTES for bytes that are not text, HASHES for hashes, and FLAGS for booleans that are sent as
// numbers. A column in any of these lists must have this type in every statement.
const BYTES: ReadonlySet<string> = new Set(['packed', 'shared', 'body', 'bytes'])
const HASHES: ReadonlySet<string> = new Set(['hash', 'holder'])
const FLAGS: ReadonlySet<string> = new Set(
  'behind erased failed gone held meant strangers suspect'.split(' '),
)

/** Converts the rows of any driver: some return numbers as strings or bigints, and bytes as other arrays. */
export function readRows<T>(rows: readonly object[]): readonly T[] {
  for (const row of rows as Record<string, unknown>[])
    for (const name in row) row[name] = readValue(name, row[name])
  return rows as readonly T[]
}

function readValue(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (ArrayBuffer.isView(value))
    return BYTES.has(name)
      ? viewOf(value)
      : viewOf(value).toString(HASHES.has(name) ? 'hex' : 'utf8')
  if (FLAGS.has(name)) return Number(value) === 1
  if (typeof value === 'object') return value
  return typeof value === 'string' && !/^-?\d+(?:\.\d+)?$/.test(value) ? value : Number(value)
}

/** Returns a duration in microseconds, limited to the maximum of its column, about 35 minutes. */
export function micros(took: number): number {
  return Math.min(took, 2 ** 31 - 1)
}
