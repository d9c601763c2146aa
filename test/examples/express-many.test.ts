import type { Draft, Provider } from '@postern/core/scheme'
import { github, shopify, slack, standardWebhooks, stripe } from '@postern/providers'
import { expect, test } from 'vitest'
import { send, startExample } from './example.ts'

const secret = 'it is a secret'
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const sources: readonly [name: string, provider: Provider, draft: Draft, line: string][] = [
  ['github', github({ secret }), { id: 'gh1', topic: 'push', payload: {} }, 'github sent push gh1'],
  [
    'shopify',
    shopify({ secret }),
    { id: 'sh1', topic: 'orders/create', payload: {} },
    'shopify sent orders/create sh1',
  ],
  [
    'slack',
    slack({ signingSecret: secret }),
    { payload: { type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention' } } },
    'slack sent app_mention Ev1',
  ],
  [
    'stripe',
    stripe({ secret }),
    { payload: { id: 'evt_1', object: 'event', type: 'invoice.paid', data: {} } },
    'stripe sent invoice.paid evt_1',
  ],
  [
    'acme',
    standardWebhooks({ secret: whsec }),
    { id: 'msg_1', payload: { type: 'user.created' } },
    'acme sent user.created msg_1',
  ],
]

test('express-many takes each source with its own secret, and none with another', async () => {
  const example = await startExample('express-many', {
    GITHUB_WEBHOOK_SECRET: secret,
    SHOPIFY_CLIENT_SECRET: secret,
    SLACK_SIGNING_SECRET: secret,
    STRIPE_WEBHOOK_SECRET: secret,
    ACME_WEBHOOK_SECRET: whsec,
  })
  try {
    for (const [name, provider, draft, line] of sources) {
      const request = provider.sign!({
        ...draft,
        url: `http://localhost:${example.port}/webhooks/${name}`,
      })
      expect((await send(request)).status, name).toBe(200)
      expect(await example.line(line)).toBe(line)
      const elsewhere = sources.find(([other]) => other !== name)![0]
      expect(
        (await send({ ...request, url: request.url.replace(name, elsewhere) })).status,
        `${name} at ${elsewhere}`,
      ).toBe(401)
    }
  } finally {
    await example.stop()
  }
})
