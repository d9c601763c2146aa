import { generateKeyPairSync } from 'node:crypto'
import type { Provider, SignableRequest } from '@postern/core/scheme'
import type { SigningLaws } from '@postern/testing'
import { catalogue } from '../../src/catalogue.ts'
import { lawsOf } from '../signing.ts'
import { PAYLOADS } from './payloads.ts'
import { randomOf, type Random } from './random.ts'

/** A delivery as its sender signed it, and functions to create its provider and to sign more. */
export interface Sealed {
  readonly sender: string
  readonly secret: string
  /** Another valid secret of this sender. */
  readonly other: string
  readonly request: SignableRequest
  /** Creates the provider with another secret, or with more options. */
  readonly provider: (secret?: string | readonly string[], options?: object) => Provider
  /** Signs another request of the same sender. */
  readonly sign: (
    body: string | Uint8Array,
    more?: { readonly url?: string; readonly headers?: Record<string, string> },
  ) => SignableRequest
}

export const NOW: number = Date.parse('2026-11-25T12:00:00.250Z')

const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const HEX = '0123456789abcdef'
const URL_OF = 'https://hooks.example.com/in/here?b=2&a=1&c=x%20y'

/** Names of all senders that can sign. */
export const SIGNERS: readonly string[] = [...catalogue.values()]
  .filter(({ canSign }) => canSign)
  .map(({ name }) => name)

const OWN: Readonly<Record<string, SigningLaws>> = {
  generic: {
    secrets: ['a shared secret', 'another secret'],
    options: {
      scheme: 'hmac',
      algorithm: 'sha512',
      encoding: 'base64',
      header: 'X-Own-Signature',
      prefix: 'v2=',
      timestampHeader: 'X-Own-Time',
    },
    draft: { payload: {} },
  },
  'microsoft-graph': {
    secrets: ['client state 1', 'client state 2'],
    draft: {
      payload: {
        value: [{ clientState: '', subscriptionId: 's1', changeType: 'created', resource: 'r' }],
      },
    },
  },
}

/** Signs one delivery of a sender with a new secret. If the sender signs bytes, `body` is sent unchanged. */
export function sealedBy(
  sender: string,
  seed: string,
  body?: string | Uint8Array,
  type = 'application/json',
): Sealed | undefined {
  const about = catalogue.get(sender)!
  const laws = OWN[sender] ?? lawsOf(sender)!
  const random = randomOf(`${sender} ${seed}`)
  const make = (secret: string | readonly string[], options: object = {}): Provider =>
    about.create({ ...laws.options, [about.secretOption!]: secret, ...options })
  let secret = freshSecret(laws.secrets[0], random)
  try {
    make(secret)
  } catch {
    secret = laws.secrets[0]
  }
  let other = freshSecret(laws.secrets[0], random)
  try {
    make(other)
  } catch {
    other = laws.secrets[1]
  }
  const provider: Sealed['provider'] = (other = secret, options = {}) => make(other, options)
  const id = laws.draft?.id
  const sign: Sealed['sign'] = (content, more = {}) =>
    provider().sign!({
      ...laws.draft,
      at: NOW,
      ...(id !== undefined && { id }),
      url: URL_OF,
      body: content,
      ...more,
    })
  try {
    const request =
      body === undefined
        ? provider().sign!({ ...laws.draft, at: NOW, url: URL_OF })
        : sign(body, { headers: { 'content-type': type } })
    return { sender, secret, other, request, provider, sign }
  } catch {
    return undefined
  }
}

/** Returns a delivery whose body can be written in several ways. */
export function sealed(sender: string): Sealed {
  return sender === 'twilio'
    ? sealedBy(sender, 'one', FORM, 'application/x-www-form-urlencoded')!
    : sealedBy(sender, 'one', PAYLOADS['plain'])!
}

const FORM = 'Body=Hi+there&MessageSid=SM1&From=%2B15550100'

/** Returns the name of the header that changes with the secret, or an empty string. */
export function signatureHeader({ request, other, provider }: Sealed): string {
  const { sign } = provider(other)
  const names = Object.keys(request.headers)
  const signed = sign!({ ...request, body: request.body, at: NOW }).headers
  return names.find((name) => signed[name] !== request.headers[name]) ?? ''
}

function freshSecret(like: string, random: Random): string {
  if (/^private:.*=$/.test(like))
    return `private:${Buffer.from(random.bytes(32)).toString('base64')}`
  if (like.startsWith('private:')) return `private:${random.text(HEX, 64)}`
  if (like.includes('PRIVATE KEY')) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  }
  const whole = /^(v1,)?whsec_(?=[A-Za-z\d+/=]{20,}$)/.exec(like)
  if (whole) return whole[0] + Buffer.from(random.bytes(24 + random(9))).toString('base64')
  if (/^[\dA-F]{40,}$/.test(like)) return random.text(HEX, like.length).toUpperCase()
  if (/^[\da-f]{16,}$/.test(like)) return random.text(HEX, like.length)
  if (/^[a-z]{64}$/.test(like)) return random.text(ALNUM, 64)
  if (/^[\w+/]+={1,2}$/.test(like)) return Buffer.from(random.bytes(32)).toString('base64')
  if (/^\w+:\S+$/.test(like)) return `${random.text(ALNUM, 8)}:${random.text(ALNUM, 20)}`
  const prefix = /^(?:[a-z]{2,8}_)+(?=.)/.exec(like)?.[0] ?? ''
  return prefix + random.text(ALNUM, 16 + random(12))
}
