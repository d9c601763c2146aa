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
   * The versions to take. Versions 1 and 2 are plain hashes without a time, which can be lengthened: their bodies must be
   * JSON, version 1 is for POST alone, and both count only where no v3 signature came. @default ['v3']
   */
  readonly versions?: readonly HubspotVersion[]
}

const V3 = 'x-hubspot-signature-v3'
const OLD = 'x-hubspot-signature'
const VERSION = 'x-hubspot-signature-version'
// What HubSpot's page on v3 asks to decode; every other escape stays.
const ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** HubSpot's three signatures. One of version 3, where it came, decides alone. */
export function hubspotScheme(options: HubspotSchemeOptions): Scheme<Uint8Array> {
  const { versions = ['v3'] } = options
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
    signatureScheme(HASH, { header: OLD, message })
  const v2 = older((delivery) => [delivery.method, url(delivery), delivery.body])
  const v1 = older((delivery) => delivery.body)

  const isDated = versions.every((one) => one === 'v3')
  const isUrlCovered = options.publicUrl === undefined && !versions.includes('v1')
  return {
    ...v3,
    ...(versions.includes('v1') || versions.includes('v2') ? { needs: [] } : {}),
    present: (delivery) => delivery.header(V3) !== undefined || delivery.header(OLD) !== undefined,
    // What each version that is taken protects.
    covers: { body: 'bytes', id: true, url: isUrlCovered, timestamp: isDated },
    verify(delivery, keys, now) {
      const version = versionOf(delivery)
      if (!versions.includes(version))
        throw malformed(VERSION, `one of ${versions.join(', ')}, which versions allows`)
      if (version === 'v1' && delivery.method !== 'POST')
        throw malformed(VERSION, 'v2 or v3, without which only POST is taken')
      return { v1, v2, v3 }[version].verify(delivery, keys, now)
    },
  }
}

function versionOf(delivery: Delivery): HubspotVersion {
  if (delivery.header(V3) !== undefined) return 'v3'
  singleHeader(delivery, OLD)
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

/**
 * How a verified delivery is read: its query only where that very query was signed, else its body as JSON.
 */
export function hubspotFormat(delivery: Delivery, options: PublicUrlOption): 'json' | 'query' {
  if (delivery.body.length > 0 || (delivery.header(V3) ?? delivery.header(VERSION)) === 'v1')
    return 'json'
  const signed = new URL(signedUrl(delivery, options)).search
  return signed === new URL(delivery.url).search ? 'query' : 'json'
}
