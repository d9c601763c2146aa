import { MAX_TIMER } from './duration.ts'

/** What one delivery may cost. Every bound has a default and a documented reply. */
export interface Limits {
  /** Bytes on the wire; more is refused with 413. @default the provider's own limit, else 1 MiB */
  readonly body: number
  /** Bytes after decompression; more is refused with 413. @default the larger of `body` and 8 MiB */
  readonly inflated: number
  /** Nesting of JSON and XML; deeper is refused with 400 `too_deep`. @default 100 */
  readonly depth: number
  /** Fields of a form, a query string or a multipart body; more is refused with 400. @default 1000 */
  readonly fields: number
  /** Milliseconds from the head of the request to the last byte of its body; slower is refused with 408. @default 10_000 */
  readonly time: number
}

const MIB = 1024 * 1024

/** The limits in force: what the user set, else what the provider states, else the defaults. */
export function resolveLimits(given: Partial<Limits> = {}, provided: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!(typeof value === 'number' && value > 0)) {
      throw new TypeError(`limits.${name} must be a number above 0, got ${String(value)}`)
    }
  }
  const body = given.body ?? provided.body ?? MIB
  return {
    body,
    inflated: given.inflated ?? provided.inflated ?? Math.max(body, 8 * MIB),
    depth: given.depth ?? provided.depth ?? 100,
    fields: given.fields ?? provided.fields ?? 1000,
    time: Math.min(given.time ?? provided.time ?? 10_000, MAX_TIMER),
  }
}
