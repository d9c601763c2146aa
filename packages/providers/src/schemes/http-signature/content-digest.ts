import { createHash } from 'node:crypto'
import { WebhookError, type Delivery } from '@postern/core'
import { safeEqual } from '@postern/core/internal'
import { bytesAsBase64, dictionary, type StructuredFields } from './structured-fields.ts'

const HASHES = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const

/**
 * Computes the digests of `Content-Digest` again over the bytes of the wire (RFC 9530, section 2). One of SHA-256 and
 * SHA-512 must be there; both must be right if both are. Older algorithms do not count.
 */
export function checkContentDigest(sf: StructuredFields, delivery: Delivery): void {
  const digests = dictionary(sf, delivery, 'content-digest')
  let found = false
  for (const [name, hash] of Object.entries(HASHES)) {
    const item = digests.get(name)
    if (!item) continue
    found = true
    const expected = createHash(hash).update(delivery.body).digest('base64')
    if (!safeEqual(bytesAsBase64(item[0]) ?? '', expected))
      throw new WebhookError('signature_mismatch', {
        problem: 'digest_differs',
        header: 'content-digest',
        field: name,
      })
  }
  if (!found)
    throw new WebhookError('malformed_header', {
      problem: 'missing',
      header: 'content-digest',
      field: 'sha-256',
      expected: 'sha-256 or sha-512',
    })
}

/** The header for a body. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}
