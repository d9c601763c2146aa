import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { createDelivery, type DeliveryInit, type WebhookError } from '@postern/core'
import { loadXml } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../../src/catalogue.ts'
import { vectors } from '../vectors.ts'
import { NOW, sealedBy, signatureHeader, SIGNERS } from './sealed.ts'

await loadXml()

describe('the text of a rejection says what was checked', () => {
  test.for(SIGNERS)('%s: header, number of secrets, body and URL', async (name) => {
    const sealed = sealedBy(name, 'rejected')!
    const second = sealedBy(name, 'rejected once more')!.secret
    const provider = sealed.provider([sealed.other, second])
    const error = await rejectionOf(provider, sealed.request, NOW)
    expect(error.code).toBe('signature_mismatch')
    expect([error.problem, error.got]).toEqual(['differs', 2])
    const header = signatureHeader(sealed)
    if (header !== '') expect(error.header).toBe(header)
    expectPlaces(error, provider, sealed.request.body)
    expect(error.url).toBe(provider.covers.url ? 'https://hooks.example.com/in/here?…' : undefined)
    for (const secret of [sealed.secret, sealed.other, second])
      expect(JSON.stringify([error, error.message])).not.toContain(secret)
  })

  test.for([...catalogue.keys()])('%s: so do the rejections of its vectors', async (name) => {
    const about = catalogue.get(name)!
    for (const vector of vectors(name)) {
      if (vector.expect === 'valid') continue
      const { method, url, headers, bodyBase64, secret, extra } = vector
      const body = Buffer.from(bodyBase64, 'base64')
      let provider: Provider
      try {
        const secretOption = about.secretOption && { [about.secretOption]: secret }
        provider = about.create({ ...secretOption, ...extra })
      } catch {
        continue
      }
      const now = (vector.now ?? 0) * 1000
      const error = await rejectionOf(provider, { method, url, headers, body }, now)
      if (error?.code === 'signature_mismatch' && !HEADERS_ALONE.has(name))
        expectPlaces(error, provider, provider.codings?.gzip === 'decoded' ? inflated(body) : body)
    }
  })
})

// Plaid's JWT is checked before the digest of the body. With RFC 9421, each signature chooses what it covers.
const HEADERS_ALONE = new Set(['plaid', 'rfc9421'])

/** Returns the bytes that a sender signs before it compresses them. */
function inflated(body: Uint8Array): Uint8Array {
  return body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body
}

/** Expects the error to have the size and digest of the body, if the signature covers the body. */
function expectPlaces(error: WebhookError, { covers }: Provider, body: Uint8Array): void {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const told = [error.bytes, error.digest]
  if (covers.body === 'none') expect(told).toEqual([undefined, undefined])
  else if (error.problem === 'differs') expect(told).toEqual([body.length, digest])
}

async function rejectionOf(
  provider: Provider,
  init: DeliveryInit,
  now: number,
): Promise<WebhookError> {
  try {
    await provider.verify(createDelivery(init, undefined, provider), () => now)
    return undefined as never
  } catch (error) {
    return error as WebhookError
  }
}
