import { createHash } from 'node:crypto'
import { createDelivery, type DeliveryInit, type WebhookError } from '@postern/core'
import { loadXml, type Provider } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../../src/catalogue.ts'
import { vectors } from '../vectors.ts'
import { sealedBy, SIGNERS } from './everyone.ts'
import { NOW, signatureHeader } from './sealed.ts'

await loadXml()

describe('the text of a refusal says what was checked', () => {
  test.for(SIGNERS)('%s: header, number of secrets, body and URL', async (name) => {
    const sealed = sealedBy(name, 'refused')!
    const second = sealedBy(name, 'refused once more')!.secret
    const provider = sealed.provider([sealed.other, second])
    const error = await refusalOf(provider, sealed.request, NOW)
    expect(error.code).toBe('signature_mismatch')
    const { message } = error
    expect(message).toMatch(/^\S.* matches none of 2 secrets\b/)
    expect(message).toContain(signatureHeader(sealed))
    expectPlaces(message, provider, sealed.request.body)
    expect(message.includes('the URL https://hooks.example.com/in/here?…')).toBe(
      provider.covers.url === true,
    )
    for (const secret of [sealed.secret, sealed.other, second])
      expect(message).not.toContain(secret)
  })

  test.for([...catalogue.keys()])('%s: so do the refusals of its vectors', async (name) => {
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
      const error = await refusalOf(provider, { method, url, headers, body }, now)
      if (error?.code === 'signature_mismatch' && !HEADERS_ALONE.has(name))
        expectPlaces(error.message, provider, body)
    }
  })
})

// Of a JWT the signature is judged before the digest of the body; what RFC 9421 signs is up to each signature.
const HEADERS_ALONE = new Set(['plaid', 'rfc9421'])

/** Bytes and digest of the body if it is protected; the URL is blamed only where one was checked. */
function expectPlaces(message: string, { covers }: Provider, body: Uint8Array): void {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const told =
    body.length === 0 ? 'an empty body' : `a body of ${body.length} bytes (SHA-256 ${digest}…)`
  if (covers.body === 'none') expect(message).not.toMatch(/bytes|SHA-256/)
  else if (/matches none of/.test(message)) expect(message).toContain(told)
  expect(message.includes('or URL')).toBe(message.includes('the URL http'))
}

async function refusalOf(
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
