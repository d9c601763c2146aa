import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SigningLaws } from '@postern/testing'
import { catalogue } from '../src/catalogue.ts'
import { signedFields } from '../src/schemes/adyen.ts'
import { vectors } from './vectors.ts'

const samples = JSON.parse(
  readFileSync(new URL('signing.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, SigningLaws>>

/** What the signature of an encrypted message of WeChat or WeCom covers. */
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
    return { ...samples[name]!, secrets: [privateKey(), privateKey()] }
  const found = samples[name] ?? fromVectors(name)
  return found && covered[name] ? { ...found, covered: covered[name] } : found
}

// These have laws of their own: `generic` for each scheme, Graph because its secret lies in the payload.
const OWN = new Set(['generic', 'microsoft-graph'])

/** Laws for a provider without a sample: the secret of its first right vector, and that secret with one character changed. */
function fromVectors(name: string): SigningLaws | undefined {
  if (OWN.has(name) || !catalogue.get(name)?.canSign) return undefined
  const vector = vectors(name).find(
    ({ secret, expect }) => expect === 'valid' && typeof secret === 'string',
  )
  const { secret, extra } = vector ?? {}
  if (typeof secret !== 'string') return undefined
  // A letter for a letter and a digit for a digit keeps hex, base64 and prefixes what they are.
  const at = Math.floor(secret.length / 2)
  const other = SWAPS.find(([from]) => secret.indexOf(from, at) >= 0)
  if (!other) return undefined
  const place = secret.indexOf(other[0], at)
  const second = secret.slice(0, place) + other[1] + secret.slice(place + 1)
  // `generic` takes hex in either case.
  const anyCase = catalogue.get(name)!.scheme.includes(', hex')
  return {
    secrets: [secret, second],
    ...(extra && { options: extra }),
    ...(anyCase && { anyCase }),
    draft: { payload: {} },
  }
}

const SWAPS = Array.from(
  '0123456789abcdef',
  (from, at) => [from, '0123456789abcdef'.charAt(at ^ 1)] as const,
)

interface Item {
  readonly additionalData: { readonly hmacSignature: string }
}

// Of an item Adyen signs eight fields; the signature lies beside them.
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
