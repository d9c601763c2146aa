import { eighthOfMemory } from './basics/room.ts'
import { MAX_TIMER, milliseconds, type Duration } from './basics/deadline.ts'
import { unknownOptions, wrongOption } from './basics/unknown-options.ts'

/** Bounds for one delivery and for all deliveries being read. Every bound has a default and a documented reply. */
export interface Limits {
  /** Bytes on the wire; more is rejected with 413. @default the provider's own limit, else 1 MiB */
  readonly body: number
  /** Bytes after decompression; more is rejected with 413. @default 8 MiB, or `body` if that is larger or if only that is given */
  readonly decompressed: number
  /** Nesting of JSON and XML; deeper is rejected with 400 `too_deep`. @default 100 */
  readonly depth: number
  /** Fields of a form, a query string or a multipart body; more is rejected with 400. @default 1000 */
  readonly fields: number
  /** Milliseconds from the head of the request to the last byte of its body; slower is rejected with 408. @default 10_000 */
  readonly bodyTimeout: number
  /**
   * Bytes of all bodies that are read and not yet answered. Beyond, those that came slowest since their start are rejected
   * with 503. A quarter of it is kept for bodies up to 64 KiB, so that large bodies never keep small ones out. @default an eighth of the free heap or of the free memory, whichever is less: at least four bodies, at most 512 MiB
   */
  readonly totalBuffered: number
  /** What may be parsed before a delivery is verified. */
  readonly unverified: UnverifiedLimits
}

/** Bounds of what is parsed before verification, and after it for providers with `unauthenticated: true`. */
export interface UnverifiedLimits {
  /** Values and members of a JSON text, elements and attributes of XML; more is rejected with 413. @default 5000 */
  readonly nodes: number
  /** Bytes of an XML text; more is rejected with 413. @default 262_144 */
  readonly xml: number
  /** Fields of a form or query string; more is rejected with 400. @default 1000 */
  readonly fields: number
  /** Parts of a multipart body; more is rejected with 400. @default 100 */
  readonly parts: number
  /** Nesting of JSON and XML; deeper is rejected with 400. @default 32 */
  readonly depth: number
  /** Bytes after decompression, if the sender signs the decoded bytes; more is rejected with 413. @default 1 MiB */
  readonly decompressed: number
}

/** The limits as users and providers give them. */
export interface LimitOptions extends Partial<Omit<Limits, 'bodyTimeout' | 'unverified'>> {
  /** From the head of the request to the last byte of its body; slower is rejected with 408. A number is milliseconds. @default '10s' */
  readonly bodyTimeout?: Duration
  /** What may be parsed before a delivery is verified: `nodes`, `xml`, `fields`, `parts`, `depth`, `decompressed`. @default the limits of `UnverifiedLimits` */
  readonly unverified?: Partial<UnverifiedLimits>
}

const MIB = 1024 * 1024
const UNVERIFIED: UnverifiedLimits = {
  nodes: 5000,
  xml: 256 * 1024,
  fields: 1000,
  parts: 100,
  depth: 32,
  decompressed: MIB,
}

/**
 * The limits in force: what the user set, else what the provider states, else the defaults.
 *
 * @throws TypeError that names a limit that is not a number above 0, or is unknown.
 */
export function resolveLimits(given: LimitOptions = {}, provided: LimitOptions = {}): Limits {
  check('limits', given, KNOWN)
  check('limits.unverified', given.unverified ?? {}, Object.keys(UNVERIFIED))
  const body = given.body ?? provided.body ?? MIB
  const roomy = Math.max(body, 8 * MIB)
  const buffered = Math.max(
    given.totalBuffered ?? eighthOfMemory(512 * MIB),
    given.totalBuffered ? 0 : 4 * body,
  )
  if (buffered < body)
    throw wrongOption('limits.totalBuffered', `at least limits.body (${body} bytes)`, buffered)
  return {
    body,
    decompressed:
      given.decompressed ??
      (given.body === undefined ? (provided.decompressed ?? roomy) : given.body),
    depth: given.depth ?? provided.depth ?? 100,
    fields: given.fields ?? provided.fields ?? 1000,
    bodyTimeout: timeLimit(given.bodyTimeout ?? provided.bodyTimeout ?? '10s'),
    totalBuffered: buffered,
    unverified: { ...UNVERIFIED, ...provided.unverified, ...given.unverified },
  }
}

let defaults: Limits | undefined

/** The limits of a receiver that sets none. */
export function defaultLimits(): Limits {
  return (defaults ??= resolveLimits())
}

const KNOWN = [
  'body',
  'decompressed',
  'depth',
  'fields',
  'bodyTimeout',
  'totalBuffered',
  'unverified',
]

function check(what: string, given: object, known: readonly string[]): void {
  unknownOptions(`createReceiver: ${what}`, given, known)
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (name === 'unverified' || name === 'bodyTimeout' || value === undefined) continue
    if (!(typeof value === 'number' && value > 0))
      throw wrongOption(`${what}.${name}`, 'a number above 0', JSON.stringify(value))
  }
}

function timeLimit(given: Duration): number {
  const time = milliseconds(given, 'createReceiver: limits.bodyTimeout')
  if (time === 0) throw wrongOption('limits.bodyTimeout', 'above 0', 0)
  return Math.min(time, MAX_TIMER)
}
