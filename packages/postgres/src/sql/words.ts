import { hash } from 'node:crypto'
import { TASKS } from '@postern/core/inbox'

/** PostgreSQL's clock: it uses indexes for it, since it does not change inside a statement. */
export const NOW = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/** Columns of a `TaskRow`, of `postern_tasks t`. */
export const TASK: string = `t.id::float8 AS id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token::float8 AS token, t.round,
  t.cut, t.charged, t.line::float8 AS line, t.fair, t.due::float8 AS due, t.took, t.error`

/** Open tasks of lines, and settled ones that are still held: the predicate of two indexes. */
export const OPEN = 't.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)'

/** The event of a task. */
export const EVENT: string = `e.id = t.id / ${TASKS}`

/** Contents of an event, and where they are: in its own row, or in that of its delivery. */
export const CONTENTS =
  'e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body'
export const DELIVERY = 'LEFT JOIN $.postern_deliveries d ON d.id = e.delivery'

/** Numbers as a literal of an array: cheaper for Node than an array that `pg` encodes. */
export function ints(values: readonly (number | null)[]): string {
  let out = '{'
  for (let at = 0; at < values.length; at++)
    out += (at === 0 ? '' : ',') + String(values[at] ?? 'NULL')
  return `${out}}`
}

/** Strings as a literal of an array. */
export function texts(values: readonly (string | null | undefined)[]): string {
  let out = '{'
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (at > 0) out += ','
    if (value === null || value === undefined) out += 'NULL'
    else out += `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, String.raw`\$&`) : value}"`
  }
  return `${out}}`
}

/**
 * A string for a text column: PostgreSQL's text allows neither U+0000 nor lone surrogates. A hash keeps two such strings apart.
 * Records have the original.
 */
export function storable(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text
  const digest = hash('sha256', Buffer.from(text, 'utf16le'), 'hex').slice(0, 32)
  return `${text.toWellFormed().replaceAll('\0', '\ufffd')}\u{10fffe}${digest}`
}

/** Microseconds as their column holds them: at most 35 minutes. */
export function micros(took: number): number {
  return Math.min(took, 2 ** 31 - 1)
}
