import { createHash } from 'node:crypto'
import { encode, fromBase64, fromBase64url, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import { firstKeys, keysOf } from '../../provider/key-forms.ts'
import type { Made } from '../../provider/made.ts'
import type { About } from '../../provider/about.ts'
import type { Change, Clue, FindingCause } from '../finding.ts'

export interface SecretsInForce {
  readonly texts: readonly string[]
  readonly option: string
  name(at: number): string
}

/** Names a provider's secrets for messages. With `fingerprints`, names of strong secrets contain a fingerprint. */
export function namedSecrets(
  provider: string,
  made: Made,
  texts: readonly string[],
  fingerprints: boolean,
): SecretsInForce {
  const option = made.factory.about.secretOption ?? 'secret'
  // Passwords and tokens can be weak, and a fingerprint helps to guess them, so they get no fingerprint.
  const weak = made.scheme.covers.body === 'none' && made.scheme.head === true
  return {
    texts,
    option,
    name(at) {
      const mark = fingerprints && !weak ? fingerprint(provider, texts[at]!) : undefined
      const told = [
        ...(texts.length > 1 ? [`number ${at + 1} of ${texts.length}`] : []),
        ...(mark === undefined ? [] : [`fingerprint ${mark}`]),
      ]
      return told.length === 0 ? option : `${option} (${told.join(', ')})`
    },
  }
}

// Minimum length of a secret with a fingerprint, in characters. A shorter secret can be guessed, and the fingerprint
// would confirm the guess.
const SHORTEST = 16

/**
 * Returns the first 8 hex digits of a SHA-256 over a provider's name and a secret. Show the digits only in the
 * operator's own terminal and log. Returns undefined for a secret of fewer than 16 characters.
 */
export function fingerprint(provider: string, secret: string): string | undefined {
  if (secret.length < SHORTEST) return undefined
  return createHash('sha256').update(`${provider}\0${secret}`).digest('hex').slice(0, 8)
}

export interface SenderSecrets {
  readonly provider: string
  readonly secrets: SecretsInForce
}

/**
 * Returns the clue for a wrong secret: which secrets were tried, and which endpoints of the sender share one secret.
 */
export function wrongSecret(
  held: readonly SenderSecrets[],
  about: About | undefined,
): Clue | undefined {
  const option = held[0]?.secrets.option ?? 'secret'
  const names = held.flatMap(({ provider, secrets }) =>
    secrets.texts.map((_, at) => secrets.name(at) + (held.length > 1 ? ` of ${provider}` : '')),
  )
  if (names.length === 0) return undefined
  const title = about?.title ?? held[0]!.provider
  const sentence = about?.options[option] ?? 'The secret of this endpoint.'
  const docs = about?.docs ? ` See ${about.docs}` : ''
  return {
    cause: 'secret-wrong',
    message: `no repair of the delivery makes it match ${listed(names)}: the secret belongs to another endpoint, app or environment`,
    remedy: `compare the secret with what ${title} shows for the endpoint that sent this: ${whose(sentence)}. ${option}: ${sentence}${docs}`,
  }
}

const MOST = 8

function listed(names: readonly string[]): string {
  const more = names.length - MOST
  return names.slice(0, MOST).join(' or ') + (more > 0 ? ` or ${more} more` : '')
}

const HOLDERS =
  /\b(?:of (?:the|a)(?: [\w.-]+)??|the|a) (endpoint|webhook|hook|subscription|notification destination|contact point|security policy|app|application|account|space|integration|channel)(?:'s|\b)(?! key)/i
const SHARED = new Set(['app', 'application', 'account', 'space', 'integration', 'channel'])

/**
 * Returns a sentence part that says which endpoints share one secret, such as all endpoints of an account. `sentence`
 * is the description of the provider's secret option.
 */
function whose(sentence: string): string {
  const holder = HOLDERS.exec(sentence)?.[1]?.toLowerCase()
  if (holder === undefined) return 'another endpoint or environment may have a different secret'
  return SHARED.has(holder)
    ? `all endpoints of one ${holder} share it, and each ${holder} and environment has its own`
    : `each ${holder} has its own, and each environment too`
}

/**
 * Yields one change for each other way to read a secret, such as decoded from base64. With `twice`, each change
 * combines two ways, one after the other.
 */
export function* secretChanges(
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

export function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key
  const inner: unknown = typeof key === 'object' && key !== null && 'key' in key && key.key
  return inner instanceof Uint8Array ? inner : undefined
}

/** Makes a key of the same kind from other bytes. Returns undefined if the keys of the scheme are not bytes. */
export function rekeyed(key: unknown, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  if (key instanceof Uint8Array) return bytes
  return bytesOf(key) && { ...(key as object), key: bytes }
}

/** Another way to read a configured secret: `text` replaces its text, or `bytes` the bytes of its key. */
interface Variant {
  readonly cause: FindingCause
  readonly says: string
  readonly remedy?: string
  readonly text?: string
  readonly bytes?: Uint8Array
}

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
  yield* texts('secret-prefix', 'has extra text in front, or lacks its prefix', text, [
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
