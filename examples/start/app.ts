import { createReceiver, type Observer, type Receiver } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { hmac, token } from '@postern/core/scheme'
import { webhook } from '@postern/express'
import {
  generic,
  github,
  shopify,
  slack,
  standardWebhooks,
  stripe,
  twilio,
} from '@postern/providers'
import express, { type Express } from 'express'

/** Secrets of the sources: your own from the environment, or made-up ones. */
export interface Secrets {
  readonly github: string
  readonly shopify: string
  readonly stripe: string
  readonly twilio: string
  readonly slack: string
  readonly standardWebhooks: string
  readonly bank: string
  readonly sensor: string
}

/** What the handlers are told to do with what they got. */
export type Print = (receiver: string, line: string) => void

/** One receiver for each source, by the last part of its path. */
export function createReceivers(
  secrets: Secrets,
  inbox: Inbox,
  observer: Observer,
  print: Print,
): Readonly<Record<string, Receiver>> {
  const common = { inbox, observers: [observer], log: false } as const
  const receivers = {
    github: createReceiver({ ...common, provider: github({ secret: secrets.github }) }),
    shopify: createReceiver({ ...common, provider: shopify({ secret: secrets.shopify }) }),
    stripe: createReceiver({ ...common, provider: stripe({ secret: secrets.stripe }) }),
    twilio: createReceiver({ ...common, provider: twilio({ authToken: secrets.twilio }) }),
    slack: createReceiver({ ...common, provider: slack({ signingSecret: secrets.slack }) }),
    'standard-webhooks': createReceiver({
      ...common,
      provider: standardWebhooks({ secret: secrets.standardWebhooks }),
    }),
    // A bank nobody has a preset for: XML, signed with HMAC-SHA256 in a header of its own.
    bank: createReceiver({
      ...common,
      name: 'bank',
      provider: generic({
        scheme: hmac({ header: 'x-bank-signature' }),
        secret: secrets.bank,
        eventIdHeader: 'x-bank-event-id',
        topicHeader: 'x-bank-event',
      }),
    }),
    // A sensor that can only GET: everything is in the query, a token included.
    sensor: createReceiver({
      ...common,
      name: 'sensor',
      provider: generic({
        scheme: token({ query: 'token' }),
        secret: secrets.sensor,
        eventIdQuery: 'id',
        topicQuery: 'event',
      }),
    }),
  }

  receivers.github.on('issues.opened', (event) => print('github', `issue opened (${event.topic})`))
  receivers.shopify.on('orders/*', (event) => print('shopify', `order event ${event.topic}`))
  receivers.stripe.on('invoice.paid', (event) =>
    print('stripe', `invoice paid, ${String(event.id)}`),
  )
  receivers.twilio.onAny((event) => print('twilio', `message event ${event.topic}`))
  receivers.slack.on('app_mention', () => print('slack', 'mentioned'))
  receivers.slack.answer('/deploy', () => ({ response_type: 'ephemeral', text: 'on its way' }))
  // Fails once, to show a retry.
  receivers['standard-webhooks'].on(
    'invoice.*',
    { retry: { attempts: 3, base: '100ms' } },
    (event, task) => {
      if (task.attempt === 1) throw new Error('the first attempt fails on purpose')
      print('standard-webhooks', `${event.topic} at attempt ${task.attempt}`)
    },
  )
  receivers.bank.on('card.charged', (event) =>
    print('bank', `card charged: ${JSON.stringify(event.payload)}`),
  )
  receivers.sensor.on('door.opened', (event) =>
    print('sensor', `door opened: ${JSON.stringify(event.payload)}`),
  )
  return receivers
}

/** The app with every receiver mounted under /webhooks. */
export function createApp(receivers: Readonly<Record<string, Receiver>>): Express {
  const app = express()
  for (const [path, receiver] of Object.entries(receivers))
    app.use(`/webhooks/${path}`, webhook(receiver))
  app.get('/', (_, response) => {
    response.type('text/plain').send(
      `POST to ${Object.keys(receivers)
        .map((path) => `/webhooks/${path}`)
        .join(', ')}\n`,
    )
  })
  return app
}
