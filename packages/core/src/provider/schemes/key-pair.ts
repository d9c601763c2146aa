import { createPrivateKey, createPublicKey } from 'node:crypto'
import { textBytes, fromBase64, toBuffer } from '../../body/bytes.ts'
import type { OpaqueKey } from './ed25519.ts'

/** An asymmetric key: the public half, and the private one if the secret held it. */
export interface KeyPair {
  readonly publicKey: OpaqueKey
  readonly privateKey?: OpaqueKey | undefined
}

/**
 * The key that a string holds: PEM of a public key, a certificate or a private key (which can sign as well), or base64 of an
 * SPKI structure without its armour.
 *
 * @throws TypeError that names what was `expected` if the string holds no key.
 */
export function parseKeyPair(secret: string, expected: string): KeyPair {
  const text = secret.trim()
  try {
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      const privateKey = createPrivateKey(text)
      return { publicKey: createPublicKey(privateKey), privateKey }
    }
    if (text.startsWith('-----BEGIN ')) return { publicKey: createPublicKey(text) }
    // Dashboards break long lines, and so do those who copy from them.
    const der = fromBase64(text.replace(/[\r\n]+[ \t]*/g, ''))
    if (der && der.length > 0)
      return { publicKey: createPublicKey({ key: toBuffer(der), format: 'der', type: 'spki' }) }
  } catch {
    // The error of OpenSSL does not help and may quote the key.
  }
  throw new TypeError(`the key must be ${expected}${isPssKey(text) ? PSS_KEY : ''}`)
}

// Runtimes built on BoringSSL (Bun, workerd) read RSA keys of the general type alone.
const PSS_KEY =
  '; this one has the type RSASSA-PSS (RFC 4055), which not every runtime reads: give the same key with the type rsaEncryption'
const PSS_OID = /* @__PURE__ */ textBytes('06092a864886f70d01010a', 'hex')

function isPssKey(text: string): boolean {
  return textBytes(text.replace(/-----[^-]*-----/g, ''), 'base64').includes(PSS_OID)
}
