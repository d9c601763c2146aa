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
  /**
   * Null for no payload.
   * @default an object without members
   */
  readonly payload?: object | null
}
// Neighbors form pairs, and a character is replaced with its partner. Hex digits come first, so that they stay hex
// digits.
const CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
/** Secrets and drafts of senders. For all other senders, the vectors have a secret. */
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

/** Returns the secrets and the draft with which `sign` is tested, or undefined if the provider cannot sign. */
export function lawsOf(name: string): SigningLaws | undefined {
  if (name === 'wise')
    return { secrets: [privateKey('rsa'), privateKey('rsa')], draft: { payload: {} } }
  if (name.startsWith('sendgrid'))
    return { ...SAMPLES.get(name)!, secrets: [privateKey(), privateKey()] }
  const found = SAMPLES.get(name) ?? fromVectors(name)
  return found && covered[name] ? { ...found, covered: covered[name] } : found
}

// Other tests cover these two: `generic` with each scheme, and Graph with its secret in the payload.
const OWN = new Set(['generic', 'microsoft-graph'])

/**
 * Returns the laws of a provider without a sample. The secrets are that of its first valid vector, and a changed copy.
 */
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

/** Changes one character of the secret, a letter to a letter or a digit to a digit, so that it stays hex or base64. */
function changed(secret: string): string {
  const at = Math.floor(secret.length / 2)
  // The last character before the padding may have unused bits, so it is not changed.
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
