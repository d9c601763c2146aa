import type { MaybePromise } from '../../basics/maybe.ts'
import type { Bounds } from '../bounds.ts'
import { bodyBytes, charsets } from '../body/bytes.ts'
import { clockUnits } from '../signature/time.ts'
import { inflated, unwrapped } from '../body/envelope.ts'
import { type Change, type Clue, type FindingCause, withHeaders, type Reads } from '../finding.ts'
import { reencoded } from '../body/form.ts'
import { joinedClues, renamed } from '../signature/headers.ts'
import { reserialized } from '../body/json.ts'
import type { TrialState, Trial } from './trial.ts'
import { signatureEncodings, signaturePrefixes, encodingStep } from '../signature/signature-text.ts'
import type { Subject } from '../subject.ts'
import { urlChanges } from '../url/url.ts'
import { firstKeys, keysOf } from '../../provider/key-forms.ts'
import type { Made } from '../../provider/made.ts'
import type { SecretsInForce } from '../secret/secrets.ts'
import { createHmac } from 'node:crypto'
import { encode, fromBase64, fromBase64url, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import { hmacDigest, watch, type Compared } from '../../provider/schemes/hmac.ts'
import { messageParts } from '../../provider/schemes/signature/template.ts'

/** Returns the changes of one kind to try on a state (a request with its provider and keys). */
export type Group = (state: TrialState) => MaybePromise<Iterable<Change>>

/** One group per kind of change. */
export interface Groups {
  readonly headers: Group
  readonly secrets: Group
  readonly twiceSecrets: Group
  readonly envelopes: Group
  readonly bodies: Group
  /** The part of `bodies` that changes characters, not only whitespace. */
  readonly charsets: Group
  /** The common part of `writers`, tried early so that a proof does not wait for thousands of combined changes. */
  readonly layouts: Group
  readonly urls: Group
  readonly algorithms: Group
  readonly writers: Group
}

// For larger bodies, only simple edits of the bytes are tried.
const LARGE = 256 * 1024
const NONE: Group = () => []

/**
 * Makes the groups for one subject (a delivery with its provider). Parts of the request that verification does not read
 * are not changed.
 */
export function groupsOf(subject: Subject, reads: Reads, trial: Trial, bounds: Bounds): Groups {
  const { made, secrets, state } = subject
  const isLarge = state.request.body.length > LARGE
  // If the signature is inside of the body, verification parses the body. That is too slow for many edits of up to 25
  // MB.
  const isInside = subject.provider.covers.body === 'none'
  const hasBody = reads.body && state.request.body.length > 0 && !(isLarge && isInside)
  const ofSecrets = (twice: boolean): Group =>
    made && secrets
      ? ({ keys }) => (keys === state.keys ? secretChanges(made, secrets, keys, twice) : [])
      : NONE
  return {
    headers: (from) =>
      chained(
        clockUnits(from.request, reads, subject.sample),
        renamed(from.request, reads),
        joinedClues(from.request, reads),
        signatureEncodings(from.request, reads),
        signaturePrefixes(from.request, reads, {
          expected: subject.prefixes,
          // For a token (no signature over the body), only the prefixes of this provider are tried: a token with
          // another prefix is another token.
          others: reads.body || subject.provider.covers.body !== 'none',
        }),
      ),
    secrets: ofSecrets(false),
    twiceSecrets: ofSecrets(true),
    envelopes: isLarge ? NONE : ({ request }) => chained(unwrapped(request), inflated(request)),
    bodies: hasBody
      ? ({ request }) =>
          isLarge
            ? bodyBytes(request, bounds)
            : chained(bodyBytes(request, bounds), charsets(request))
      : NONE,
    charsets: hasBody && !isLarge ? ({ request }) => charsets(request) : NONE,
    layouts: hasBody && !isLarge ? ({ request }) => reserialized(request, bounds, 'layouts') : NONE,
    urls: isUrlSigned(subject, reads)
      ? ({ request }) =>
          request.url === state.request.url
            ? urlChanges(request, subject.publicUrl, subject.takesPublicUrl)
            : []
      : NONE,
    algorithms: (from) => (isLarge ? [] : algorithms(from, trial, bounds)),
    writers:
      hasBody && !isLarge
        ? ({ request }) => chained(reencoded(request, bounds), reserialized(request, bounds))
        : NONE,
  }
}

function* chained(...parts: readonly Iterable<Change>[]): Generator<Change> {
  for (const part of parts) yield* part
}

export function isUrlSigned({ publicUrl }: Subject, reads: Reads): boolean {
  return reads.url || publicUrl !== undefined
}

function* secretChanges(
  made: Made,
  secrets: SecretsInForce,
  keys: readonly unknown[],
  twice: boolean,
): Generator<Change> {
  const firsts = firstKeys(keys)
  for (const [at, text] of secrets.texts.entries()) {
    const tried = new Set<string>([text])
    for (const first of variants(text)) {
      if (!twice) {
        yield* change(made, firsts[at], first, [step(secrets.name(at), secrets.option, first)])
        continue
      }
      if (first.text === undefined || tried.has(first.text)) continue
      tried.add(first.text)
      for (const second of variants(first.text)) {
        if (second.cause === first.cause || second.text === text) continue
        const steps = [first, second].map((one) => step(secrets.name(at), secrets.option, one))
        yield* change(made, firsts[at], second, steps)
      }
    }
  }
}

function* change(made: Made, key: unknown, one: Variant, steps: Clue[]): Generator<Change> {
  let others: readonly unknown[]
  if (one.bytes) others = [rekeyed(key, one.bytes)]
  else {
    try {
      others = keysOf(made.scheme, one.text!)
    } catch {
      return
    }
  }
  if (others[0] !== undefined) yield { keys: others, steps }
}
const REMEDIES: Partial<Record<FindingCause, string>> = {
  'secret-whitespace': 'set it without whitespace, or trim it where you read it',
  'secret-quoted': 'remove the quotes where it is set: many hosts keep them as part of the value',
  'secret-prefix': 'give the complete secret of the sender, with nothing before it',
  'secret-encoding': 'give the secret exactly as the sender shows it; do not decode or encode it',
}

function step(name: string, option: string, { cause, says, remedy }: Variant): Clue {
  return {
    cause,
    message: `${name} ${says}; read otherwise, the signature matches`,
    remedy: `${option}: ${remedy ?? REMEDIES[cause]!}`,
  }
}

const MOST = 50
const BY_LENGTH: Readonly<Record<number, readonly string[]>> = {
  16: ['md5'],
  20: ['sha1'],
  28: ['sha224'],
  32: ['sha256', 'sha3-256'],
  48: ['sha384'],
  64: ['sha512'],
}

/**
 * Recomputes each compared signature with other hash functions. Returns a change for each hash function that then
 * matches.
 */
async function algorithms(state: TrialState, trial: Trial, bounds: Bounds): Promise<Change[]> {
  const found: Change[] = []
  for (const key of state.keys) {
    const bytes = bytesOf(key)
    if (!bytes || bounds.over()) continue
    const seen: Compared[] = []
    // Watches a copy of the key, since the receiver may verify other deliveries with the key itself at the same time.
    const copy = Uint8Array.from(bytes)
    watch(copy, (found) => void (seen.length < MOST && seen.push(found)))
    await trial.run({ ...state, keys: [rekeyed(key, copy)] })
    for (const one of seen) {
      if (bounds.over()) return found
      const change = other(state, bytes, one)
      if (change) found.push(change)
    }
  }
  return found
}

function other(state: TrialState, key: Uint8Array, seen: Compared): Change | undefined {
  for (const candidate of seen.candidates.slice(0, 4)) {
    const given = fromHex(candidate) ?? fromBase64(candidate) ?? fromBase64url(candidate)
    for (const algorithm of BY_LENGTH[given?.length ?? 0] ?? []) {
      if (algorithm === seen.algorithm) continue
      const mac = createHmac(algorithm, key)
      for (const part of messageParts(seen.message)) mac.update(part)
      if (!mac.digest().equals(given!)) continue
      const right = hmacDigest(seen.algorithm, seen.encoding, key, seen.message)
      for (const [name, lines] of state.request.headers) {
        if (!lines[0]?.includes(candidate)) continue
        return {
          request: withHeaders(state.request, { [name]: [lines[0].replace(candidate, right)] }),
          steps: [
            {
              cause: 'signature-algorithm',
              message: `${name} was signed with ${algorithm}, and this provider verifies ${seen.algorithm}`,
              remedy: `let the sender sign with ${seen.algorithm}, or use the provider's option for the algorithm where it has one`,
            },
            ...(candidate === encode(given!, seen.encoding) ? [] : [encodingStep(name)]),
          ],
        }
      }
    }
  }
  return undefined
}

function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key
  const inner: unknown = typeof key === 'object' && key !== null && 'key' in key && key.key
  return inner instanceof Uint8Array ? inner : undefined
}

/** Makes a key of the same kind from other bytes. Returns undefined if the keys of the scheme are not bytes. */
function rekeyed(key: unknown, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  if (key instanceof Uint8Array) return bytes
  return bytesOf(key) && { ...(key as object), key: bytes }
}

/** Another way to read a configured secret: as another text, or as the bytes of the key. */
interface Variant {
  readonly cause: FindingCause
  readonly says: string
  readonly remedy?: string
  readonly text?: string
  readonly bytes?: Uint8Array
}

// Prefixes of secrets that senders issue.
const PREFIXES = [
  'whsec_',
  'v1,whsec_',
  'shpss_',
  'polar_whs_',
  'pdl_ntfset_',
  'lin_wh_',
  'secret_',
  'test_',
  'live_',
  'sk_',
  'wc_',
]

/** Yields the texts and bytes that the secret may have been before somebody copied it into the configuration. */
function* variants(text: string): Generator<Variant> {
  yield* texts('secret-whitespace', 'has whitespace around it or in it', text, [
    text.trim(),
    text.replaceAll(/^[\s\u200B-\u200F\u2060\uFEFF]+|[\s\u200B-\u200F\u2060\uFEFF]+$/gu, ''),
    text.replaceAll(/[\t\r\n\u200B-\u200F\u2060\uFEFF]/gu, ''),
    text.replaceAll(/[\s\u200B-\u200F\u2060\uFEFF]/gu, ''),
  ])
  yield* texts('secret-quoted', 'has quotes around it', text, [
    text.replace(/^(\\?["'`“”‘’])(.*)\\?["'`“”‘’][;,]?$/su, '$2'),
    text.replaceAll(/^\\?["'`“”‘’<]|\\?["'`“”‘’>][;,]?$/gu, ''),
  ])
  yield* texts('secret-prefix', 'has something before it, or lacks its prefix', text, [
    text.replace(/^(?:export +|set +)?[A-Za-z_][\w.-]*(?: +[=:] *|=|: ?)/, ''),
    text.replace(/^v\d+a?,/, ''),
    text.replace(/^(?:Bearer|Basic|Token|sha256=|HMAC)\s*/i, ''),
    text.replace(/^[a-z]{2,8}_/, ''),
    ...PREFIXES.map((prefix) => prefix + text),
  ])
  for (const blank of ['\n', ' ', '\r\n'])
    yield {
      cause: 'secret-whitespace',
      says: 'lacks whitespace that the sender signs with',
      remedy: `remove the ${blank === ' ' ? 'blank' : 'line break'} from the end of the secret at the sender, or set it here with that end too`,
      text: text + blank,
    }
  yield* encodings(text)
}

function* encodings(text: string): Generator<Variant> {
  const bare = text.replace(/^[a-z]{2,8}_/, '')
  const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')
  const decoded = [
    ['is used as text, but is hex', fromHex(bare)],
    ['is used as text, but is base64', fromBase64(bare) ?? fromBase64(padded)],
    ['is used as text, but is base64url', fromBase64url(bare.replaceAll('=', ''))],
  ] as const
  const plain = [toBuffer(text), ...(bare === text ? [] : [toBuffer(bare)])]
  for (const bytes of plain)
    yield {
      cause: 'secret-encoding',
      says: 'is decoded, but the sender signs with its text',
      bytes,
    }
  for (const [says, bytes] of decoded) {
    if (!bytes || bytes.length === 0) continue
    yield { cause: 'secret-encoding', says, bytes }
    const inner = utf8(bytes)
    if (/^[^\p{Cc}\uFFFD]+$/u.test(inner.replaceAll(/[\t\r\n]/g, '')))
      yield { cause: 'secret-encoding', says: 'was encoded a second time', text: inner }
  }
  const encoded = [encode(toBuffer(text), 'base64'), encode(toBuffer(text), 'hex')]
  for (const one of encoded) {
    yield { cause: 'secret-encoding', says: 'was decoded before the receiver got it', text: one }
    yield {
      cause: 'secret-encoding',
      says: 'was decoded before the receiver got it',
      bytes: toBuffer(one),
    }
  }
  const others = [text.toLowerCase(), text.toUpperCase(), unescaped(text), encodeURIComponent(text)]
  yield* texts('secret-encoding', 'is written in a different case, or with URL escapes', text, [
    ...others,
    toBuffer(text).toString('latin1'),
  ])
}

function* texts(
  cause: FindingCause,
  says: string,
  text: string,
  others: readonly string[],
): Generator<Variant> {
  for (const other of new Set(others))
    if (other !== text && other !== '') yield { cause, says, text: other }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
