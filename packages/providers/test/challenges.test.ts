import { describe, expect, test } from 'vitest'
import { braintree } from '../src/braintree.ts'
import { catalogue } from '../src/catalogue.ts'
import { wechatCipher } from '../src/schemes/wechat.ts'
import { wecom } from '../src/wecom.ts'
import { deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

// A challenge never looks like an event: neither a body nor a field that `sign` makes matches its pattern.

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

describe('a challenge that is something else', () => {
  const NOW = 1_760_000_000_000
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  test('WeCom: a captured message is not decrypted for whoever sends it as an echo', async () => {
    const options = {
      encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
      receiveId: 'ww1',
    }
    const provider = wecom({ token: 't', ...options })
    const signed = provider.sign!({ topic: 'text', at: NOW, payload: { Content: 'secret plans' } })
    const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(
      Buffer.from(signed.body).toString(),
    )![1]!
    const echo = new URL(signed.url)
    echo.searchParams.set('echostr', encrypted)
    const { replies } = await deliver(provider, [{ method: 'GET', url: echo.href }], NOW)
    expect(replies[0]!.status).toBe(403)
    expect(String(replies[0]!.body)).not.toContain('secret plans')
    const cipher = wechatCipher('wecom', options.encodingAESKey, options.receiveId)
    expect(cipher.decrypt(encrypted)).toContain('secret plans')
  })

  test('Braintree: a payload that could be a challenge is no event, whoever signed it', async () => {
    const provider = braintree({ privateKey: 'k', publicKey: 'p' })
    for (const bt_payload of ['20f9f8ed05f77439fe95', '20f9f8ed05f77439fe955c977e4c8a53']) {
      const body = new URLSearchParams({ bt_payload }).toString()
      const signed = provider.sign!({ body, headers: form })
      expect((await deliver(provider, [signed])).statuses).toEqual([400])
    }
  })
})
