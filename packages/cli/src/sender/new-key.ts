import { generateKeyPairSync } from 'node:crypto'
import type { About } from '@postern/core/scheme'
import { remark } from '../print/say.ts'

/**
 * A private key for a sender whose receivers have the public half, which is printed: set it at the receiver, and the
 * delivery verifies. Undefined for senders with a shared secret.
 */
export function newKey(about: About): string | undefined {
  if (about.name === 'discord') {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const hex = (text: string | undefined): string =>
      Buffer.from(text ?? '', 'base64url').toString('hex')
    tell(about, hex(publicKey.export({ format: 'jwk' }).x))
    return `private:${hex(privateKey.export({ format: 'jwk' }).d)}`
  }
  if (about.name.startsWith('sendgrid')) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    tell(about, publicKey.export({ format: 'der', type: 'spki' }).toString('base64'))
    return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  }
  return undefined
}

function tell({ title, secretOption }: About, publicKey: string): void {
  remark(
    `signed with a new key, as there is none of ${title}. Its public half, for the receiver's ${secretOption}:\n${publicKey}`,
  )
}
