import { createHash } from 'node:crypto'
import { stringifyJson } from '@postern/core/internal'
import { member } from '../common/read.ts'

/** An id of several members, separated by `:`; undefined if one of them is missing. */
export function joinedId(value: unknown, ...paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => member(value, path))
  return parts.includes(undefined) ? undefined : joined(parts)
}

/** A complete ISO time. */
export const TIME: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Joins parts with `:`. Two different lists never make the same id, because `:` and `%` are escaped, except in an ISO time. */
export function joined(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      const text = String(part)
      // The start of a time in one part and its rest in the next must not look like a complete time.
      return TIME.test(text)
        ? text
        : text.replace(/[%:]|^(?=\d{4}-\d\d-\d\dT)/g, (one) => ESCAPES[one]!)
    })
    .join(':')
}

const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '': '%' }

/** An id for an event without one: 16 bytes of the SHA-256 of its JSON, in hex. */
export function digestId(value: unknown): string {
  return createHash('sha256').update(stringifyJson(value)).digest('hex').slice(0, 32)
}
