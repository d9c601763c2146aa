import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SigningLaws } from '@postern/testing'
import { signedFields } from '../src/schemes/adyen.ts'

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

/** The secrets and the draft with which the laws of signing are checked; undefined where a provider cannot sign. */
export function lawsOf(name: string): SigningLaws | undefined {
  if (name.startsWith('sendgrid'))
    return { ...samples[name]!, secrets: [privateKey(), privateKey()] }
  const found = samples[name]
  return found && covered[name] ? { ...found, covered: covered[name] } : found
}

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

function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}
