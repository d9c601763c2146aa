import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SigningLaws } from '@postern/testing'
import { catalogue } from '../src/catalogue.ts'
import { signedFields } from '../src/schemes/adyen.ts'
import { vectors } from './vectors.ts'

interface Sample extends Pick<SigningLaws, 'options' | 'anyCase'> {
  readonly secret: string
  readonly topic: string
  readonly id?: string
  /** Null for none. @default an object without members */
  readonly payload?: object | null
}
// Each is swapped with its neighbor; hex digits come first.
const CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
/** Secrets and drafts of senders. The others have a secret from their vectors. */
export const SAMPLES: ReadonlyMap<string, SigningLaws> = new Map(
  Object.entries(
    JSON.parse(readFileSync(new URL('signing.json', import.meta.url), 'utf8')) as Record<
      string,
      Sample
    >,
  ).map(([name, { secret, topic, id, payload = {}, ...laws }]): readonly [string, SigningLaws] => [
    name,
    {
      ...laws,
      secrets: [secret, changed(secret)],
      draft: { topic, ...(id !== undefined && { id }), ...(payload && { payload }) },
    },
  ]),
)

/** The signed part of an encrypted message of WeChat or WeCom. */
export function encrypted(body: Uint8Array): string | undefined {
  return /<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/.exec(Buffer.from(body).toString())?.[1]
}

const covered: Readonly<Record<string, NonNullable<SigningLaws['covered']>>> = {
  adyen: (body) => adyenFields(body),
  // Trello signs the low byte of each UTF-16 unit.
  trello: (body) => Buffer.from(Buffer.from(body).toString('utf8'), 'latin1'),
  wecom: encrypted,
}

/** The secrets and the draft with which the laws of signing are checked; undefined if a provider cannot sign. */
export function lawsOf(name: string): SigningLaws | undefined {
  if (name === 'wise')
    return { secrets: [privateKey('rsa'), privateKey('rsa')], draft: { payload: {} } }
  if (name.startsWith('sendgrid'))
    return { ...SAMPLES.get(name)!, secrets: [privateKey(), privateKey()] }
  const found = SAMPLES.get(name) ?? fromVectors(name)
  return found && covered[name] ? { ...found, covered: covered[name] } : found
}

// These are tested elsewhere: `generic` for each scheme, Graph because its secret is in the payload.
const OWN = new Set(['generic', 'microsoft-graph'])

/** Laws for a provider without a sample: the secret of its first right vector, and that secret with one character changed. */
function fromVectors(name: string): SigningLaws | undefined {
  if (OWN.has(name) || !catalogue.get(name)?.canSign) return undefined
  const vector = vectors(name).find(
    ({ secret, expect }) => expect === 'valid' && typeof secret === 'string',
  )
  const { secret, extra } = vector ?? {}
  if (typeof secret !== 'string') return undefined
  // Hex is accepted in either case.
  const anyCase = catalogue.get(name)!.scheme.includes(', hex')
  return {
    secrets: [secret, changed(secret)],
    ...(extra && { options: extra }),
    ...(anyCase && { anyCase }),
    draft: { payload: {} },
  }
}

/** The secret with one character changed: a letter for a letter and a digit for a digit, so that it stays hex or base64. */
function changed(secret: string): string {
  const at = Math.floor(secret.length / 2)
  // The last character before padding may be only some of its bits.
  const whole = secret.replace(/.=+$/, '')
  const from = CHARACTERS.findIndex((one) => whole.includes(one, at))
  if (from < 0) throw new Error(`the second half of ${secret} has no letter and no digit`)
  const place = secret.indexOf(CHARACTERS[from]!, at)
  return secret.slice(0, place) + CHARACTERS[from ^ 1]! + secret.slice(place + 1)
}

interface Item {
  readonly additionalData: { readonly hmacSignature: string }
}

// Adyen signs eight fields of an item; the signature is next to them.
function adyenFields(body: Uint8Array): unknown {
  try {
    const { notificationItems } = JSON.parse(new TextDecoder().decode(body)) as {
      readonly notificationItems: readonly { readonly NotificationRequestItem: Item }[]
    }
    return notificationItems.map(({ NotificationRequestItem: item }) => [
      signedFields(item),
      item.additionalData.hmacSignature,
    ])
  } catch {
    return undefined
  }
}

function privateKey(type: 'ec' | 'rsa' = 'ec'): string {
  const { privateKey: key } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}
