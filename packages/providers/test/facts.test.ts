import { createDelivery } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

// A provider states each fact once, and behaves as the facts say. A fact that no documentation states is `unknown`.

const NOW = 1_790_000_000_000

// For these providers, the user chooses the place of the credential.
const CHOSEN = new Set(['generic', 'datadog'])

describe.each([...catalogue.values()])('the facts of $name', (about) => {
  const { scheme, place, tolerance, checked, delivers, example, canSign } = about

  test('say how it signs, how it delivers, and who said so when', () => {
    expect(scheme).not.toBe('unknown')
    expect(Object.values(place ?? {})).toEqual([expect.any(String)])
    expect(tolerance === 'none' || Number(tolerance) > 0).toBe(true)
    expect(checked).toMatch(/^20\d\d-[01]\d-[0-3]\d$/)
    expect(delivers.source).toMatch(/^https:\/\//)
    expect(Object.keys(delivers).toSorted()).toEqual(
      [
        'after4xx',
        'givesUp',
        'json',
        'largest',
        'ok',
        'redirect',
        'retries',
        'retryHeaders',
        'retryId',
        'source',
        'within',
      ].toSorted(),
    )
  })

  test('say of the signature what the scheme covers, and where it reads it', async () => {
    const provider = about.create(example)
    expect(/nothing is signed|(?:body|rest) is not signed/.test(scheme)).toBe(
      provider.covers.body === 'none',
    )
    if (provider.sign && place && 'header' in place && !CHOSEN.has(about.name)) {
      const signed = provider.sign({ at: NOW })
      const read = provider.reads?.(createDelivery(signed)) ?? []
      expect([...Object.keys(signed.headers), ...read]).toContain(place.header.toLowerCase())
    }
  })

  test('have an example that makes a provider, which keeps what the facts imply', () => {
    const provider = about.create(example)
    const { largest, retries, redirect } = delivers
    if (about.name !== 'generic') expect(provider.retrySpan).toBe(about.retrySpan)
    if (retries !== 'unknown') expect(provider.retrySpan).toBe(retries)
    if (largest !== 'unknown') expect(provider.limits?.body).toBe(largest)
    expect(provider.failsOnRedirect === true).toBe(redirect === 'failure')
    expect(provider.sign !== undefined).toBe(canSign)
  })
})

// The examples of these cannot sign: only the sender has the private key, or the secret is in the payload.
const MUTE = new Set(['generic', 'microsoft-graph', 'wise'])
const signers = [...catalogue.values()].filter(({ canSign, name }) => canSign && !MUTE.has(name))

test.each(signers)(
  'the example of $name signs what its receiver hands on, and its tolerance is true',
  async (about) => {
    const { name, example, tolerance } = about
    const provider = about.create(example)
    const { statuses, events } = await deliver(provider, [provider.sign!({ at: NOW })], NOW)
    expect([statuses[0]! < 300, events.length > 0]).toEqual([true, true])
    if (typeof tolerance !== 'number' || provider.covers.timestamp !== true) return
    const late = provider.sign!({ ...lawsOf(name)?.draft, at: NOW - tolerance * 1000 - 2000 })
    expect((await deliver(provider, [late], NOW)).events).toEqual([])
  },
)
