import { createHash, createHmac, createSecretKey } from 'node:crypto'
import { concat, fromBase64, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import { messageParts, type SignedMessage } from '../../provider/schemes/signature/message.ts'
import { watch, type Compared } from '../../provider/schemes/signature/watch.ts'
import type { Bounds } from '../bounds.ts'
import type { PlainRequest } from '../finding.ts'
import { bytesOf, rekeyed } from './keys.ts'
import type { TrialOutcome, TrialState, Trial } from './trial.ts'

/**
 * What an HMAC was compared over. It tells in microseconds whether another key or body would match one of the signatures
 * that came: a whole verification takes 20 times as long.
 */
export interface Sight {
  /** Equal where the messages differ in their bodies alone. */
  readonly id: string
  /** True if the message does not have the body as it came: then only keys can be tried. */
  readonly fixed: boolean
  /** True if a signature that came, in whatever encoding and by whatever hash function, matches under this key. */
  hits(key: unknown, body: Uint8Array): boolean
}

/** One verification, with its sight. */
export interface Seen {
  readonly outcome: TrialOutcome
  /** Undefined if nothing was compared by HMAC. */
  readonly sight: Sight | undefined
}

// A copy of the message of each state takes as much memory as its body.
const LARGE = 256 * 1024
const MESSAGES = 4

/** Verifies a state and notes what was compared. Undefined if the bounds are used up. */
export async function see(
  state: TrialState,
  read: ReadonlySet<string>,
  trial: Trial,
  bounds: Bounds,
): Promise<Seen | undefined> {
  const seen: Compared[] = []
  const isSmall = state.request.body.length <= LARGE
  const keys = isSmall
    ? state.keys.map((key) => watched(key, (one) => seen.length < MESSAGES && seen.push(one)))
    : state.keys
  const outcome = await trial.run({ ...state, keys })
  return (
    outcome && { outcome, sight: seen.length > 0 ? sightOf(state, seen, read, bounds) : undefined }
  )
}

/** A key whose comparisons are reported. A copy: the receiver verifies deliveries with the key itself meanwhile. */
export function watched(key: unknown, report: (seen: Compared) => void): unknown {
  const bytes = bytesOf(key)
  if (!bytes) return key
  const copy = Uint8Array.from(bytes)
  watch(copy, report)
  return rekeyed(key, copy)
}

interface Template {
  readonly before: Uint8Array
  readonly after: Uint8Array
  readonly fixed: boolean
}

function sightOf(
  { request }: TrialState,
  seen: readonly Compared[],
  read: ReadonlySet<string>,
  bounds: Bounds,
): Sight {
  const templates = seen.map(({ message }) => templateOf(message, request.body))
  const signatures = signaturesOf(request, read, seen)
  const id = createHash('sha256')
  for (const { before, after } of templates) id.update(before).update('\0').update(after)
  return {
    id: id.digest('hex'),
    fixed: templates.some(({ fixed }) => fixed),
    hits(key, body) {
      const bytes = bytesOf(key)
      if (!bytes || !bounds.take()) return false
      const secret = secretOf(bytes)
      return templates.some(({ before, after, fixed }) =>
        signatures.some(([algorithm, texts]) => {
          const mac = createHmac(algorithm, secret).update(before)
          if (!fixed) mac.update(body).update(after)
          return texts.has(mac.digest('binary'))
        }),
      )
    },
  }
}

/** The message around the body; all of it as `before` if the body does not lie in it once and as it came. */
function templateOf(message: SignedMessage, body: Uint8Array): Template {
  const parts = messageParts(message)
  const place = parts.findIndex((part) => part instanceof Uint8Array && toBuffer(part).equals(body))
  if (place >= 0 && body.length > 0)
    return {
      before: joined(parts.slice(0, place)),
      after: joined(parts.slice(place + 1)),
      fixed: false,
    }
  const all = joined(parts)
  const at = body.length > 0 ? all.indexOf(body) : -1
  if (at < 0 || all.lastIndexOf(body) !== at)
    return { before: all, after: new Uint8Array(0), fixed: true }
  return { before: all.subarray(0, at), after: all.subarray(at + body.length), fixed: false }
}

function joined(parts: readonly (string | Uint8Array)[]) {
  return concat(parts.map((part) => toBuffer(part)))
}

const ALGORITHMS: Readonly<Record<number, string>> = {
  16: 'md5',
  20: 'sha1',
  28: 'sha224',
  32: 'sha256',
  48: 'sha384',
  64: 'sha512',
}
const TOKEN = /[A-Za-z0-9+/_-]{20,}={0,2}/g
const LONGEST = 8192
const TOKENS = 16

/** The signatures that came, by the hash functions that make their length. */
function signaturesOf(
  request: PlainRequest,
  read: ReadonlySet<string>,
  seen: readonly Compared[],
): readonly (readonly [string, ReadonlySet<string>])[] {
  const values = [...read].flatMap((name) => (request.headers.get(name) ?? []).slice(0, 4))
  const texts = new Set(seen.flatMap(({ candidates }) => candidates.slice(0, TOKENS)))
  for (const value of values) {
    if (value.length > LONGEST) continue
    const plain = value
      .replaceAll(' ', '+')
      .replaceAll(/%([\dA-Fa-f]{2})/g, (_all, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    for (const text of [value, plain])
      for (const [token] of [...text.matchAll(TOKEN)].slice(0, TOKENS)) texts.add(token)
  }
  const found = new Map<string, Set<string>>()
  for (const text of texts)
    for (const bytes of decoded(text)) {
      const algorithm = ALGORITHMS[bytes.length]
      if (algorithm === undefined) continue
      if (!found.has(algorithm)) found.set(algorithm, new Set())
      found.get(algorithm)!.add(toBuffer(bytes).toString('latin1'))
    }
  return [...found]
}

/** The bytes that a token may stand for: hex, base64 in either alphabet, or base64 of such a text. */
function* decoded(token: string, depth = 0): Generator<Uint8Array> {
  const hex = fromHex(token)
  if (hex) yield hex
  const plain = token.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')
  const bytes = fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, '='))
  if (!bytes) return
  yield bytes
  const text = utf8(bytes)
  if (depth === 0 && /^[\w+/=-]{20,}$/.test(text)) yield* decoded(text, 1)
}

const secrets = new WeakMap<Uint8Array, ReturnType<typeof createSecretKey>>()

// An HMAC with a KeyObject takes a fifth of the time of one with bytes.
function secretOf(key: Uint8Array): ReturnType<typeof createSecretKey> {
  let known = secrets.get(key)
  if (!known) secrets.set(key, (known = createSecretKey(key)))
  return known
}
