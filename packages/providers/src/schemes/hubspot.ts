import { createHash } from 'node:crypto'
import { type Delivery } from '@postern/core'
import {
  hmac,
  hmacAlgorithm,
  malformed,
  safeEqual,
  signatureScheme,
  singleHeader,
  type Message,
  type Scheme,
  type SignatureAlgorithm,
} from '@postern/core/scheme'
import { signedUrl, type PublicUrlOption } from './public-url.ts'

/** A version of HubSpot's signature. */
export type HubspotVersion = 'v1' | 'v2' | 'v3'

/** What HubSpot's scheme needs beside the secret. */
export interface HubspotSchemeOptions extends PublicUrlOption {
  /** Seconds a signed time (v3) may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /**
   * The versions to take where no v3 signature comes; v1 and v2 are not dated, and v1 protects the body alone.
   * @default ['v1', 'v2', 'v3']
   */
  readonly versions?: readonly HubspotVersion[]
}

const V3 = 'x-hubspot-signature-v3'
const VERSION = 'x-hubspot-signature-version'
// What HubSpot's page on v3 asks to decode; every other escape stays.
const ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** HubSpot's three signatures. One of version 3, where it came, decides alone. */
export function hubspotScheme(options: HubspotSchemeOptions): Scheme<Uint8Array> {
  const { versions = ['v1', 'v2', 'v3'] } = options
  const url = (delivery: Delivery): string => signedUrl(delivery, options)
  const decoded = (delivery: Delivery): string => url(delivery).replace(ESCAPES, decodeURIComponent)
  const v3 = hmac({
    header: V3,
    encoding: 'base64',
    timestampHeader: 'X-HubSpot-Request-Timestamp',
    timestampUnit: 'ms',
    tolerance: options.tolerance,
    message: (delivery, time) => [delivery.method, decoded(delivery), delivery.body, time ?? ''],
  })
  const older = (message: (delivery: Delivery) => Message): Scheme<Uint8Array> =>
    signatureScheme(HASH, { header: 'X-HubSpot-Signature', message })
  const v2 = older((delivery) => [delivery.method, url(delivery), delivery.body])
  const v1 = older((delivery) => delivery.body)

  const isDated = versions.every((one) => one === 'v3')
  const isUrlCovered = options.publicUrl === undefined && !versions.includes('v1')
  return {
    ...v3,
    // What each version that is taken protects.
    covers: { body: 'bytes', id: true, url: isUrlCovered, timestamp: isDated },
    verify(delivery, keys, now) {
      const version = versionOf(delivery)
      if (!versions.includes(version)) throw malformed(VERSION, `one of ${versions.join(', ')}`)
      return { v1, v2, v3 }[version].verify(delivery, keys, now)
    },
  }
}

function versionOf(delivery: Delivery): HubspotVersion {
  if (delivery.header(V3) !== undefined) return 'v3'
  singleHeader(delivery, 'x-hubspot-signature')
  const version = singleHeader(delivery, VERSION)
  if (version !== 'v1' && version !== 'v2') throw malformed(VERSION, 'v1 or v2')
  return version
}

// Versions 1 and 2 are a plain SHA-256 that begins with the secret.
const HASH: SignatureAlgorithm<Uint8Array> = {
  key: (secret) => hmacAlgorithm().key(secret),
  matches(key, message, candidates) {
    const hash = createHash('sha256').update(key)
    for (const part of [message].flat()) hash.update(part)
    const expected = hash.digest('hex')
    return candidates.filter((candidate) => safeEqual(candidate, expected)).length > 0
  },
}
