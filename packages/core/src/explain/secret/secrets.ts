import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { encode, fromBase64, fromBase64url, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import { firstKeys, keysOf } from '../../provider/key-forms.ts'
import type { Made } from '../../provider/made.ts'
import type { Bounds } from '../bounds.ts'
import type { FindingCause, Change, Clue } from '../finding.ts'
import { rekeyed } from '../trial/keys.ts'

/** The secrets in force, and how findings speak of them. */
export interface SecretsInForce {
  readonly texts: readonly string[]
  /** The option that gave them: `secret`, `authToken`. */
  readonly option: string
  /** Tells a secret apart without telling it. */
  name(at: number): string
}

interface Variant {
  readonly cause: FindingCause
  readonly says: string
  readonly text?: string
  readonly bytes?: Uint8Array
}

/** Names for the secrets of a provider, by `fingerprints` with one where a secret has one. */
export function namedSecrets(
  provider: string,
  made: Made,
  texts: readonly string[],
  fingerprints: boolean,
): SecretsInForce {
  const option = made.factory.about.secretOption ?? 'secret'
  // Passwords and tokens get no fingerprint: they can be guessed by it.
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

// A shorter secret can be found by trying: 32 bits of a hash tell whether a guess is right.
const SHORTEST = 16

/**
 * The first 8 hex digits of a SHA-256 over a provider's name and a secret: for the operator's own terminal and log alone.
 * Undefined for a secret of fewer than 16 characters.
 */
export function fingerprint(provider: string, secret: string): string | undefined {
  if (secret.length < SHORTEST) return undefined
  return createHash('sha256').update(`${provider}\0${secret}`).digest('hex').slice(0, 8)
}

/** Keys made of the secrets read another way: one slip each, or two with `twice`. */
export function* secretChanges(
  made: Made,
  secrets: SecretsInForce,
  keys: readonly unknown[],
  bounds: Bounds,
  twice = false,
): Generator<Change> {
  const firsts = firstKeys(keys)
  for (const [at, text] of secrets.texts.entries()) {
    const tried = new Set<string>([text])
    for (const first of variants(text)) {
      if (bounds.over()) return
      if (!twice) {
        yield* change(made, firsts[at], first, [step(secrets.name(at), secrets.option, first)])
        continue
      }
      if (first.text === undefined || tried.has(first.text)) continue
      tried.add(first.text)
      for (const second of variants(first.text)) {
        if (bounds.over()) return
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

// What senders write before their secrets.
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

/** What a secret may have been before somebody copied it. */
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
  yield* texts('secret-whitespace', 'lacks whitespace that the sender signs with', text, [
    `${text}\n`,
    `${text} `,
    `${text}\r\n`,
  ])
  yield* encodings(text)
}

function* encodings(text: string): Generator<Variant> {
  const bare = text.replace(/^[a-z]{2,8}_/, '')
  const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')
  const decoded = [
    ['is taken as text, and is hex', fromHex(bare)],
    ['is taken as text, and is base64', fromBase64(bare) ?? fromBase64(padded)],
    ['is taken as text, and is base64url', fromBase64url(bare.replaceAll('=', ''))],
  ] as const
  const plain = [toBuffer(text), ...(bare === text ? [] : [toBuffer(bare)])]
  for (const bytes of plain)
    yield {
      cause: 'secret-encoding',
      says: 'is decoded, and the sender signs with its text',
      bytes,
    }
  for (const [says, bytes] of decoded) {
    if (!bytes || bytes.length === 0) continue
    yield { cause: 'secret-encoding', says, bytes }
    const inner = utf8(bytes)
    if (/^[^\p{Cc}\uFFFD]+$/u.test(inner.replaceAll(/[\t\r\n]/g, '')))
      yield { cause: 'secret-encoding', says: 'was encoded once more', text: inner }
  }
  const encoded = [encode(toBuffer(text), 'base64'), encode(toBuffer(text), 'hex')]
  for (const one of encoded) {
    yield { cause: 'secret-encoding', says: 'was decoded before it was given', text: one }
    yield {
      cause: 'secret-encoding',
      says: 'was decoded before it was given',
      bytes: toBuffer(one),
    }
  }
  const others = [text.toLowerCase(), text.toUpperCase(), unescaped(text), encodeURIComponent(text)]
  yield* texts('secret-encoding', 'is written in another case, or with escapes of a URL', text, [
    ...others,
    Buffer.from(text, 'utf8').toString('latin1'),
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

const REMEDIES: Partial<Record<FindingCause, string>> = {
  'secret-whitespace': 'set it without whitespace, or trim it where you read it',
  'secret-quoted': 'remove the quotes where it is set: many hosts take them as part of the value',
  'secret-prefix': "give the sender's secret whole, and nothing before it",
  'secret-encoding': 'give the secret as the sender shows it, and decode or encode nothing',
}

function step(name: string, option: string, { cause, says }: Variant): Clue {
  return {
    cause,
    message: `${name} ${says}; read otherwise, the signature matches`,
    remedy: `${option}: ${REMEDIES[cause]!}`,
  }
}
