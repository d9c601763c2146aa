import { verifyRequest } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { expect, expectTypeOf, test } from 'vitest'
import { adyen } from '../src/adyen.ts'
import { github } from '../src/github.ts'
import { meta } from '../src/meta.ts'
import { slack } from '../src/slack.ts'

const secret = 'It is a secret to everybody'
const url = 'https://shop.example/webhooks'

function signed(provider: Provider, draft: object, change: (init: Init) => Init = (init) => init) {
  const request = provider.sign!({ topic: 'push', url, ...draft } as never)
  const { method, headers, body } = request
  return new Request(
    request.url ?? url,
    change({ method, headers: headers as Record<string, string>, body: body as BodyInit }),
  )
}

type Init = { method: string; headers: Record<string, string>; body: BodyInit | null }

test('the events of a signed request are returned', async () => {
  const provider = github({ secret })
  const request = signed(provider, { id: '72d3162e', payload: { ref: 'main' } })
  const { events, reply } = await verifyRequest(provider, request)
  expect(reply).toBeUndefined()
  expect(events).toMatchObject([
    { id: '72d3162e', topic: 'push', payload: { ref: 'main' }, provider: 'github' },
  ])
  const large = signed(provider, { body: '{"n":9007199254740993}' })
  expect((await verifyRequest(provider, large)).events[0]!.payload).toEqual({ n: 2 ** 53 })
})

test('a body that was changed throws what a receiver would reply', async () => {
  const provider = github({ secret })
  const request = signed(provider, {}, (init) => ({ ...init, body: '{"ref":"other"}' }))
  await expect(verifyRequest(provider, request)).rejects.toMatchObject({
    name: 'WebhookError',
    code: 'signature_mismatch',
    status: 401,
  })
})

test('its limits are those of a receiver', async () => {
  const provider = github({ secret })
  const large = { payload: { text: 'x'.repeat(2000) } }
  await expect(
    verifyRequest(provider, signed(provider, large), { limits: { body: 1000 } }),
  ).rejects.toMatchObject({ code: 'body_too_large', status: 413 })
  expect((await verifyRequest(provider, signed(provider, large))).events).toHaveLength(1)
  // Those of what is not verified do not hold for what is.
  const many = signed(provider, { payload: Array.from({ length: 100 }, () => []) })
  const bounded = { limits: { unverified: { nodes: 10 } } }
  expect((await verifyRequest(provider, many, bounded)).events).toHaveLength(1)
})

test('challenges have a reply and no event', async () => {
  const greeting = `${url}?hub.mode=subscribe&hub.verify_token=token&hub.challenge=17`
  const whatsapp = meta({ appSecret: secret, verifyToken: 'token' })
  const greeted = await verifyRequest(whatsapp, new Request(greeting))
  expect(greeted).toMatchObject({ events: [], reply: { status: 200, body: '17' } })

  const chat = slack({ signingSecret: secret })
  const payload = { type: 'url_verification', challenge: '3eZbrw1aB' }
  const body = JSON.stringify(payload)
  const asked = await verifyRequest(chat, signed(chat, { body, topic: 'url_verification' }))
  expect(asked.events).toEqual([])
  expect(asked.reply!.body).toContain('3eZbrw1aB')
})

test('a provider that wants words in place of a plain 200 gets them as the reply', async () => {
  const provider = adyen({
    hmacKey: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
  })
  const { events, reply } = await verifyRequest(
    provider,
    signed(provider, { topic: 'AUTHORISATION', payload: undefined }),
  )
  expect(events).toHaveLength(1)
  expect(reply).toMatchObject({ body: '[accepted]' })
  const counting: Provider = {
    ...github({ secret }),
    reply: (said) => ({
      status: 200,
      body: `${said.kind} ${'events' in said && said.events.length}`,
    }),
  }
  const counted = await verifyRequest(counting, signed(counting, { payload: {} }))
  expect(counted.reply!.body).toBe('accepted 1')
})

test('mistakes of the caller are a TypeError that names the argument', async () => {
  const provider = github({ secret })
  await expect(verifyRequest(github as never, new Request(url))).rejects.toThrow(
    'verifyRequest: provider must be what a factory',
  )
  await expect(verifyRequest(provider, { headers: {} } as never)).rejects.toThrow(
    'verifyRequest: request must be a Request',
  )
  await expect(verifyRequest(provider, new Request(url), { limit: 1 } as never)).rejects.toThrow(
    'verifyRequest: unknown option limit; did you mean limits?',
  )
})

test('a body that was read before is said to be so', async () => {
  const provider = github({ secret })
  const request = signed(provider, {})
  await request.text()
  await expect(verifyRequest(provider, request)).rejects.toMatchObject({ code: 'body_consumed' })
})

test('events are typed by the provider', () => {
  type Events = { push: { ref: string }; ping: { zen: string } }
  const typed = verifyRequest(github<Events>({ secret }), new Request(url))
  expectTypeOf<Awaited<typeof typed>['events'][number]['payload']>().toEqualTypeOf<
    { ref: string } | { zen: string }
  >()
  typed.catch(() => undefined)
})
