import { encode, fromBase64, fromBase64url, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import type { FindingCause } from '../finding.ts'

/** A secret read another way: another text, or the bytes of the key. */
export interface Variant {
  readonly cause: FindingCause
  readonly says: string
  /** What mends it, where that is not what mends its cause otherwise. */
  readonly remedy?: string
  readonly text?: string
  readonly bytes?: Uint8Array
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
export function* variants(text: string): Generator<Variant> {
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
