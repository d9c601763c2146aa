import { storable, TASKS } from '@postern/core/engine'
import { viewOf } from '../store/contents.ts'

/**
 * The server's clock in milliseconds, the same in all of a statement. In UTC: through local time, one hour comes twice each
 * autumn.
 */
export const NOW = `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)`

/** Columns of a `TaskRow`, of `postern_tasks t`. */
export const TASK: string = `t.id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token, t.round, t.cut, t.charged, t.line, t.fair,
  t.due, t.took, t.error, t.fold`

/** The event of a task. */
export const EVENT: string = `e.id = t.id DIV ${TASKS}`

/** Contents of an event, and those of the delivery that it shares. */
export const CONTENTS = 'e.packed, d.packed AS shared'
export const DELIVERY = 'LEFT JOIN $.postern_deliveries d ON d.id = e.delivery'

/** Numbers for `IN (…)`. */
export function list(values: readonly number[]): string {
  return values.length === 0 ? 'NULL' : values.join()
}

/** Hashes for `IN (…)`, as their hexadecimal digits. */
export function hexes(values: readonly string[]): string {
  return values.length === 0 ? 'NULL' : values.map((each) => `x'${each}'`).join()
}

/** A text as bytes that a statement may contain. */
export function literal(text: string): string {
  return `x'${bytesOf(text).toString('hex')}'`
}

/** The bytes of a text. Halves of surrogate pairs have none in UTF-8: two such texts stay apart by a hash. Records have the original. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(storable(text))
}

/** The condition for tasks of events: one range of the primary key each. */
export function ofEvents(events: readonly number[]): string {
  return (
    events
      .map((one) => `t.id BETWEEN ${one * TASKS} AND ${one * TASKS + TASKS - 1}`)
      .join(' OR ') || '1 = 0'
  )
}

/**
 * Rows of numbers and texts as a table, from one parameter of JSON: the only form that MySQL and MariaDB share. MariaDB cuts
 * off silently what a column is too narrow for: they are wide.
 */
export function tableOf(columns: Readonly<Record<string, 'BIGINT' | 'LONGTEXT'>>): string {
  const all = Object.entries(columns).map(
    ([name, type], at) => `${name} ${type} PATH '$[${at}]' ERROR ON ERROR`,
  )
  return `JSON_TABLE(CONVERT(? USING utf8mb4), '$[*]' COLUMNS (${all.join(', ')})) i`
}

/** The value of {@link tableOf}. */
export function jsonOf(rows: readonly (readonly unknown[])[]): Buffer {
  return Buffer.from(JSON.stringify(rows))
}

// Columns that are no text, though they are bytes; and numbers that say yes or no.
const BYTES: ReadonlySet<string> = new Set(['packed', 'shared', 'body', 'bytes'])
const HASHES: ReadonlySet<string> = new Set(['hash', 'holder'])
const FLAGS: ReadonlySet<string> = new Set(
  'behind erased failed gone held meant strangers suspect'.split(' '),
)

/**
 * Rows of any driver: they give numbers as strings and bigints too, and bytes as arrays of any kind. Each column has its name in
 * one meaning alone.
 */
export function readRows<T>(rows: readonly object[]): readonly T[] {
  for (const row of rows as Record<string, unknown>[])
    for (const name in row) row[name] = readValue(name, row[name])
  return rows as readonly T[]
}

function readValue(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'object')
    return BYTES.has(name)
      ? viewOf(value)
      : viewOf(value).toString(HASHES.has(name) ? 'hex' : 'utf8')
  if (FLAGS.has(name)) return Number(value) === 1
  return typeof value === 'string' && !/^-?\d+(?:\.\d+)?$/.test(value) ? value : Number(value)
}

/** Microseconds as their column holds them: at most 35 minutes. */
export function micros(took: number): number {
  return Math.min(took, 2 ** 31 - 1)
}
