// Takes 30 s.
import { readFileSync } from 'node:fs'
import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { lawsOf } from './signing.ts'
import { vectors } from './vectors.ts'

// Tests the vectors, the signing laws and the `about` of every provider. Handshakes and special cases have other files.

// The vectors of these providers have the exact code of each rejection.
const REASONS = new Set([
  'generic',
  'github',
  'mux',
  'shopify',
  'slack',
  'standard-webhooks',
  'stripe',
  'svix',
  'twilio',
])

// Many providers are only data for the same kit, so of each kit only three are tested in full. Providers with their own
// scheme are always tested in full.
const FULL = 3
const OWN = /\bScheme<|signatureScheme|message: \(|jwt\(/
const FEW = 5
const seen = new Map<string, number>()

function drawsOf(name: string): number | undefined {
  const text = readFileSync(
    new URL(`../src/${name.replaceAll('.', '-')}.ts`, import.meta.url),
    'utf8',
  )
  const kit = /PURE__ \*\/ (\w+)\(/.exec(text)?.[1] ?? 'provider'
  const place = seen.get(kit) ?? 0
  seen.set(kit, place + 1)
  return kit === 'provider' || OWN.test(text) || place < FULL ? undefined : FEW
}

for (const about of catalogue.values()) {
  const { name } = about
  const laws = lawsOf(name)
  const draws = laws && drawsOf(name)
  const sign = laws && { ...laws, ...(draws !== undefined && { draws }) }
  const reasons = REASONS.has(name)
  testProvider(
    { ...about, vectors: vectors(name), reasons, ...(sign && { sign }) },
    { describe, test },
  )
}

describe.each([...catalogue.values()])('$name makes what it describes', (about) => {
  const valid = vectors(about.name).find(
    (vector) => vector.expect === 'valid' && (vector.secret !== undefined || !about.secretOption),
  )
  const options = {
    ...(about.secretOption !== undefined && { [about.secretOption]: valid?.secret }),
    ...valid?.extra,
  }

  test('its page, its options, and what it can', () => {
    expect(about.docs).toMatch(/^https:\/\//)
    if (about.secretOption !== undefined) expect(about.options).toHaveProperty(about.secretOption)
    if (!valid) return
    const provider = about.create(options)
    expect(provider.name).toBe(about.name)
    expect(provider.retrySpan).toBe(about.retrySpan)
    // Options can reduce the protection. They cannot add protection that the catalogue does not mention.
    for (const [name, value] of Object.entries(provider.covers))
      if (about.covers && value === true) expect(about.covers).toHaveProperty(name, true)
    expect(provider.formats ?? ['json']).toEqual(
      expect.arrayContaining([...about.formats].filter((one) => one !== 'query')),
    )
  })

  test('an option it does not know is a mistake, and so are no options', () => {
    expect(() => about.create({ ...options, tolerence: 1 })).toThrow(
      /unknown option tolerence; (?:did you mean|known are)/,
    )
    expect(() => about.create(undefined as never)).toThrow(`${about.name}: options must be`)
  })
})
