import { createHash } from 'node:crypto'
import { stringifyJson } from '@postern/core/internal'
import { member } from '../common/read.ts'

/** An id of several members, by their paths, joined by `:`; undefined if one of them is missing. */
export function joinedId(value: unknown, ...paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => member(value, path))
  return parts.includes(undefined) ? undefined : joined(parts)
}

/** A whole ISO time: where one is at the end of a text, the text has no other end. */
export const TIME: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Parts joined by `:`, so that two lists never make one id: `:` and `%` in a part are escaped, but for those of an ISO time. */
export function joined(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      const text = String(part)
      // The start of a time, and its rest in the next part, must not look like a whole one.
      return TIME.test(text)
        ? text
        : text.replace(/[%:]|^(?=\d{4}-\d\d-\d\dT)/g, (one) => ESCAPES[one]!)
    })
    .join(':')
}

const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '': '%' }

/** An id for an event without its own: 16 bytes of a digest of its JSON, in hex. */
export function digestId(value: unknown): string {
  return createHash('sha256').update(stringifyJson(value)).digest('hex').slice(0, 32)
}
