import { eighthOfMemory } from './basics/room.ts'
import { MAX_TIMER, milliseconds, type Duration } from './basics/deadline.ts'
import { unknownOptions, wrongOption } from './basics/unknown-options.ts'

/**
 * Limits for one delivery, and for all deliveries that are being read. Each limit has a default and a documented reply.
 */
export interface Limits {
  /**
   * Maximum size of a body as sent, in bytes; a larger one is rejected with 413. @default the provider's own limit,
   * else 1 MiB
   */
  readonly body: number
  /**
   * Maximum size of a decompressed body, in bytes; a larger one is rejected with 413. @default 8 MiB, or `body` if
   * `body` is larger or if the app sets only `body`
   */
  readonly decompressed: number
  /**
   * Maximum nesting of JSON and XML, in levels; a deeper body is rejected with 400 `too_deep`.
   * @default 100
   */
  readonly depth: number
  /** Maximum number of fields of a form, query string or multipart body; more are rejected with 400. @default 1000 */
  readonly fields: number
  /**
   * Maximum time from the head of a request to the last byte of its body, in milliseconds; a slower request is rejected
   * with 408. @default 10_000
   */
  readonly bodyTimeout: number
  /**
   * Maximum size of all bodies that are being read or not yet answered, in bytes. Beyond this size, the slowest bodies
   * are rejected with 503. A quarter is reserved for bodies up to 64 KiB, so that large bodies never block small ones.
   * @default an eighth of the free heap or of the free memory, whichever is less: at least four bodies, at most 512 MiB
   */
  readonly totalBuffered: number
  /** Limits before a delivery is verified. */
  readonly unverified: UnverifiedLimits
}

/** Limits before a delivery is verified. With `unauthenticated: true`, they also apply afterwards. */
export interface UnverifiedLimits {
  /**
   * Maximum number of values and members of JSON, or of elements and attributes of XML; more are rejected with 413.
   * @default 5000
   */
  readonly nodes: number
  /** Maximum size of XML, in bytes; a larger body is rejected with 413. @default 262_144 */
  readonly xml: number
  /** Maximum number of fields of a form or query string; more are rejected with 400. @default 1000 */
  readonly fields: number
  /** Maximum number of parts of a multipart body; more are rejected with 400. @default 100 */
  readonly parts: number
  /** Maximum nesting of JSON and XML, in levels; a deeper body is rejected with 400. @default 32 */
  readonly depth: number
  /**
   * Maximum size of a decompressed body if the sender signs the decompressed bytes, in bytes; a larger one is rejected
   * with 413. @default 1 MiB
   */
  readonly decompressed: number
}

/** The limits as apps and providers set them. */
export interface LimitOptions extends Partial<Omit<Limits, 'bodyTimeout' | 'unverified'>> {
  /**
   * Maximum time from the head of a request to the last byte of its body; a slower request is rejected with 408. A
   * number is in milliseconds. @default '10s'
   */
  readonly bodyTimeout?: Duration
  /**
   * Limits before a delivery is verified: `nodes`, `xml`, `fields`, `parts`, `depth`, `decompressed`. @default the
   * limits of `UnverifiedLimits`
   */
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
 * Returns the limits in force. A limit of the app takes precedence over a limit of the provider, and both over the
 * default.
 *
 * @throws TypeError that names an unknown limit, or a limit that is not a number above 0.
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
