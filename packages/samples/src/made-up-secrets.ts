import { generateKeyPairSync, randomBytes } from 'node:crypto'

/**
 * Secrets that are made up now, one in each form that senders have: a text, the `whsec_` of Standard Webhooks, base64, hex,
 * name and password, a named key, and the private half of a P-256 key pair. A provider throws a `TypeError` for those of
 * another form than its own.
 *
 * @example
 * for (const secret of madeUpSecrets()) console.log(secret.length)
 */
export function madeUpSecrets(): readonly string[] {
  const bytes = randomBytes(32)
  return [
    'a secret of tests',
    `whsec_${bytes.toString('base64')}`,
    bytes.toString('base64'),
    bytes.toString('hex'),
    'name:a password of tests',
    `private:${bytes.toString('hex')}`,
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  ]
}
