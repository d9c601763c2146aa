import { createHash } from 'node:crypto'
import { stringifyJson } from '@postern/core/scheme'
import { member } from '../common/read.ts'

/** An id of several members, by their paths, joined by `:`; undefined if one of them is missing. */
export function joinedId(value: unknown, ...paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => member(value, path))
  return parts.includes(undefined) ? undefined : parts.join(':')
}

/** An id for an event without its own: 16 bytes of a digest of its JSON, in hex. */
export function digestId(value: unknown): string {
  return createHash('sha256').update(stringifyJson(value)).digest('hex').slice(0, 32)
}
