import { createHash } from 'node:crypto'
import { type DeliveryInit } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import { describe, expect, test } from 'vitest'
import { hubspot } from '../src/hubspot.ts'
import { deliver } from './deliver.ts'

const body = stringifyJson([
  { ...ids(1), subscriptionType: 'contact.creation' },
  { ...ids(2), subscriptionType: 'contact.deletion' },
])
const url = 'https://example.com/hook?a=%40'
const versions = ['v1', 'v2', 'v3'] as const

describe('hubspot', () => {
  test('takes versions 1 and 2, and only those it was told to take', async () => {
    const v1 = older('v1', `secret${body}`)
    const v2 = older('v2', `secretPOST${url}${body}`)
    const all = await deliver(hubspot({ clientSecret: 'secret', versions }), [v2, v1])
    expect(all.statuses).toEqual([200, 200])
    const strict = hubspot({ clientSecret: 'secret' })
    expect((await deliver(strict, [v1, v2])).statuses).toEqual([401, 401])
  })

  test('makes an event of each item, with ids that are exact', async () => {
    const { got } = await deliver(hubspot({ clientSecret: 'secret', versions }), [
      older('v1', `secret${body}`),
    ])
    expect(got).toEqual([
      'contact.creation 62515:54321:1234:1:1711234567890:9007199254740993',
      'contact.deletion 62515:54321:1234:2:1711234567890:9007199254740993',
    ])
  })

  test('reads the URL from publicUrl, with the escapes HubSpot decodes', async () => {
    const publicUrl = 'https://public.example/hook?a=%40&b=%20'
    const provider = hubspot({ clientSecret: 'secret', publicUrl })
    const signed = hubspot({
      clientSecret: 'secret',
      publicUrl: 'https://public.example/hook?a=@&b=%20',
    }).sign!({ url: 'http://internal/hook' })
    expect((await deliver(provider, [signed])).statuses).toEqual([200])
  })
})

function ids(eventId: number): object {
  return {
    portalId: 62515,
    appId: 54321,
    subscriptionId: 1234,
    eventId,
    occurredAt: 1711234567890,
    objectId: 9007199254740993n,
  }
}

function older(version: string, signed: string): DeliveryInit {
  const signature = createHash('sha256').update(signed).digest('hex')
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'x-hubspot-signature-version': version,
      'x-hubspot-signature': signature,
    },
    body,
  }
}
