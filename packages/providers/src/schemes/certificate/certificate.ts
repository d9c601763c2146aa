import { verify } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { Delivery } from '@postern/core'
import { malformed, mismatch, type At } from '@postern/core/internal'
import type { Covers, Scheme } from '@postern/core/scheme'
import { type CertificateOptions, type CertificateRules, certificateSource } from './source.ts'

/** What a delivery says about its signature. */
export interface CertificateClaim {
  /** Where its certificate is. */
  readonly url: string
  /** Hosts of the sender, by their whole names, one of which the URL must be at. */
  readonly hosts: readonly string[]
  readonly hash: 'sha1' | 'sha256'
  /** In base64. */
  readonly signature: string
}

/** Options of {@link signedByCertificate}. */
interface SignedByCertificateOptions extends CertificateRules {
  /** Headers without which `read` rejects each delivery. @default [] */
  readonly needs?: readonly string[]
  readonly covers: Covers
  /** Header or field that carries the signature. */
  readonly at: At
  /** Reads the claim. Throws `missing_header`, `malformed_header` or an error of reading the body. */
  readonly read: (delivery: Delivery) => CertificateClaim
  /** The text that is signed; undefined if the delivery is not for that `key`. */
  readonly message: (delivery: Delivery, key: string) => string | undefined
  /** What must hold once the signature is right: dates of the message. */
  readonly check?: (delivery: Delivery, now: number) => void
}

/**
 * RSASSA-PKCS1-v1_5 with the key of a certificate the delivery points to. The URL is checked before anything is fetched;
 * the certificate is fetched once over https, bounded in size and time, checked for dates, names and a chain up to an
 * authority, and kept. The keys are what the app knows of the sender: a topic, a webhook id.
 */
export function signedByCertificate(
  options: SignedByCertificateOptions,
  certificates: CertificateOptions,
): Scheme<string> {
  const source = certificateSource(certificates, options)
  return {
    covers: options.covers,
    ...(options.needs && { needs: options.needs }),
    trusted: source.trusted,
    key: (secret) => secret,
    async verify(delivery, keys, now) {
      const { url, hosts, hash, signature } = options.read(delivery)
      const bytes = Buffer.from(signature, 'base64')
      if (bytes.toString('base64') !== signature) throw malformed(options.at, 'base64')
      // A delivery for an unknown recipient, or an invalid one, must cause no fetch.
      const texts = keys.map((key) => options.message(delivery, key))
      if (texts.every((text) => text === undefined))
        throw mismatch(options.at, keys.length, { delivery })
      const { publicKey } = await source.find(url, hosts, now)
      const found = texts.findIndex(
        (text) =>
          text !== undefined &&
          publicKey.asymmetricKeyType === 'rsa' &&
          verify(hash, Buffer.from(text), publicKey, bytes),
      )
      if (found >= 0) {
        source.trust(url)
        options.check?.(delivery, now)
        return found
      }
      throw mismatch(options.at, keys.length, { delivery })
    },
  }
}
