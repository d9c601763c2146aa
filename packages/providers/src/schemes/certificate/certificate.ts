import { verify } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { Delivery } from '@postern/core'
import { malformed, mismatch, type At } from '@postern/core/internal'
import type { Covers, Scheme } from '@postern/core/scheme'
import { type CertificateOptions, type CertificateRules, certificateSource } from './source.ts'

/** Signature of a delivery that is not verified yet. */
export interface CertificateClaim {
  readonly url: string
  /** Allowed hosts of `url`, without wildcards. */
  readonly hosts: readonly string[]
  readonly hash: 'sha1' | 'sha256'
  /** The signature in base64. */
  readonly signature: string
}

interface SignedByCertificateOptions extends CertificateRules {
  /** Headers that `read` requires. @default [] */
  readonly needs?: readonly string[]
  readonly covers: Covers
  /** For error messages: the header or field with the signature. */
  readonly at: At
  readonly read: (delivery: Delivery) => CertificateClaim
  /**
   * Returns the signed text. `key` names a recipient, such as a topic or a webhook id. Returns undefined if the
   * delivery is for another recipient.
   */
  readonly message: (delivery: Delivery, key: string) => string | undefined
  /** Checks the dates of a message after its signature was verified. */
  readonly check?: (delivery: Delivery, now: number) => void
}

/**
 * Creates a scheme for RSASSA-PKCS1-v1_5 signatures with a certificate whose URL is in the delivery. The URL is checked
 * before the certificate is fetched. The fetch is over https, with limits of size and time. The certificate is cached
 * after its dates, its names and its chain up to an authority were checked. A secret of this scheme is not a
 * cryptographic key, but the name of the recipient, such as a topic or a webhook id.
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
      // A delivery that is invalid, or meant for another recipient, must not cause a fetch.
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
