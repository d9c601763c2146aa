import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { lawsOf } from './signing.ts'

// What a challenge can be is no message: neither the body nor the text of a field that `sign` makes could be one.

const signers = [...catalogue.values()].flatMap((about) => {
  const laws = lawsOf(about.name)
  if (!laws) return []
  const secret = about.secretOption && { [about.secretOption]: laws.secrets[0] }
  const provider = about.create({ ...laws.options, ...secret })
  return provider.challenge ? [{ name: about.name, provider, draft: laws.draft }] : []
})

describe.each(signers)('$name', ({ provider, draft }) => {
  test('signs nothing that could be its challenge', () => {
    for (const topic of [draft?.topic, undefined]) {
      const signed = provider.sign!({ ...draft, ...(topic !== undefined && { topic }) })
      const body = Buffer.from(signed.body).toString('utf8')
      const fields = [...new URLSearchParams(body).values()].filter((value) => value !== '')
      const texts = provider.formats?.includes('form') ? [body, ...fields] : [body]
      for (const text of texts.filter((one) => !one.startsWith('public_key|')))
        expect(text).not.toMatch(provider.challenge!)
    }
  })
})

test('those that sign or decrypt a challenge say what it is', () => {
  const names = signers.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['braintree', 'wecom', 'x', 'zoom']))
})
