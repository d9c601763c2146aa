import { createHash } from 'node:crypto'
import { stringifyJson } from '@postern/core/internal'
import { member } from '../common/read.ts'

export function joinedId(value: unknown, ...paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => member(value, path))
  return parts.includes(undefined) ? undefined : joined(parts)
}

/** Pattern of a complete ISO time, with its zone. */
export const TIME: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/**
 * Joins parts with `:`. Escapes `:` and `%` in a part, except in an ISO time, so that different lists get different
 * ids.
 */
export function joined(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      const text = String(part)
      // If a time is split over two parts, the joined parts could look like a complete time. So the first part is
      // escaped.
      return TIME.test(text)
        ? text
        : text.replace(/[%:]|^(?=\d{4}-\d\d-\d\dT)/g, (one) => ESCAPES[one]!)
    })
    .join(':')
}

const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '': '%' }

/** Makes an id for an event without an id: the first 16 bytes of the SHA-256 of its JSON, in hex. */
export function digestId(value: unknown): string {
  return createHash('sha256').update(stringifyJson(value)).digest('hex').slice(0, 32)
}
