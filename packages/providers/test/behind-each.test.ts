// Takes 10 s.
import { behind, type DeliveryInit } from '@postern/core'
import type { About, Provider, SignableRequest } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { hookdeckGateway } from '../src/hookdeck-gateway.ts'
import { deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

// Sends a delivery of each sender that can sign through Hookdeck. Its events must arrive, and the sender's own
// signature must not count.

const gateway = hookdeckGateway({ secret: 'a-secret-of-hookdeck' })
const NOW = Date.now()
const forger = hookdeckGateway({ secret: 'another-secret' })

interface Case {
  readonly about: About
  readonly inner: Provider
  readonly own: SignableRequest
}

const cases: Case[] = [...catalogue.values()].flatMap((about) => {
  const laws = lawsOf(about.name)
  if (!laws || about.name === 'hookdeck-gateway') return []
  const inner = about.create({
    ...laws.options,
    ...(about.secretOption !== undefined && { [about.secretOption]: laws.secrets[0] }),
  })
  return inner.sign
    ? [{ about, inner, own: inner.sign({ ...(laws.draft ?? { payload: {} }), at: NOW }) }]
    : []
})

function by(provider: Provider, own: SignableRequest, id: string): SignableRequest {
  const { method, url, headers, body } = own
  return provider.sign!({ method, url, headers, body, id, at: NOW })
}

/** Returns the request without the sender's credentials. */
function bare(inner: Provider, own: SignableRequest): SignableRequest {
  const { headers: names = [], query = [] } = inner.credentials ?? {}
  const url = new URL(own.url)
  for (const name of query) url.searchParams.delete(name)
  const headers = Object.entries(own.headers).filter(([name]) => !names.includes(name))
  return { ...own, url: url.href, headers: Object.fromEntries(headers) }
}

async function sent(provider: Provider, deliveries: readonly DeliveryInit[]) {
  const { statuses, events } = await deliver(provider, deliveries, NOW)
  return { statuses, events: events.map(({ topic, payload, id }) => ({ topic, payload, id })) }
}

test('nearly all senders that sign are played', () => {
  expect(cases.length).toBeGreaterThan(140)
})

describe.each(cases)('$about.name', ({ about, inner, own }) => {
  const provider = behind(gateway, inner)

  test('its events arrive by the gateway alone; its own signature is neither needed nor enough', async () => {
    const direct = await sent(inner, [own])
    const first = by(gateway, own, 'hd_1')
    const through = await sent(provider, [first])
    expect(direct.statuses).toEqual([200])
    expect(through.statuses).toEqual([200])
    expect(through.events.map(({ topic, payload }) => ({ topic, payload }))).toEqual(
      direct.events.map(({ topic, payload }) => ({ topic, payload })),
    )
    const unsigned = await sent(provider, [by(gateway, bare(inner, own), 'hd_2')])
    expect(unsigned.events.map(({ topic }) => topic)).toEqual(
      through.events.map(({ topic }) => topic),
    )

    const captured = await sent(provider, [own])
    expect(captured).toEqual({ statuses: [401], events: [] })
    const forged = await sent(provider, [by(forger, own, 'hd_3')])
    expect(forged).toEqual({ statuses: [401], events: [] })
    const changed = { ...first, body: first.body.map((byte, at) => (at === 1 ? byte ^ 1 : byte)) }
    if (first.body.length > 1) expect((await sent(provider, [changed])).events).toEqual([])
  })

  test('what it says of its topic is true, alone and behind the gateway', async () => {
    const topics = async (by: Provider, request: DeliveryInit): Promise<readonly string[]> =>
      (await sent(by, [request])).events.map(({ topic }) => topic)
    const through = by(gateway, own, 'hd_1')
    const credentials = new Set([...(inner.credentials?.headers ?? []), 'content-type'])
    for (const [one, request] of [
      [inner, own],
      [provider, through],
    ] as const) {
      const genuine = await topics(one, request)
      for (const name of Object.keys(own.headers)) {
        if (credentials.has(name)) continue
        const { [name]: value, ...headers } = request.headers
        const changed = [
          ...(await topics(one, { ...request, headers })),
          ...(await topics(one, { ...request, headers: { ...headers, [name]: `${value}x` } })),
        ]
        if (changed.some((topic) => !genuine.includes(topic)))
          expect([name, one.covers.topic]).toEqual([name, false])
      }
    }
  })

  test("its id counts if it lies in the body, else the gateway's", async () => {
    const twice = [by(gateway, own, 'hd_1'), by(gateway, own, 'hd_1')]
    const once = await sent(provider, [twice[0]!])
    expect((await sent(provider, twice)).events).toEqual(once.events)
    const text = Buffer.from(own.body).toString('utf8')
    for (const { id } of once.events)
      // WeCom encrypts its body, so the id is not in the text.
      if (!id!.startsWith('hd_1') && about.name !== 'wecom') {
        const parts = id!.split(/[:/|,. -]/).filter((part) => part.length > 1)
        expect([id, parts.some((part) => text.includes(part))]).toEqual([id, true])
      }
    // Headers of the sender must not decide what is a duplicate.
    const renamed = Object.fromEntries(
      Object.entries(own.headers).map(([name, value]) => [
        name,
        name === inner.claims ? `${value}x` : value,
      ]),
    )
    const again = await sent(provider, [by(gateway, { ...own, headers: renamed }, 'hd_1')])
    expect(again.events.map(({ id }) => id)).toEqual(once.events.map(({ id }) => id))
  })
})
