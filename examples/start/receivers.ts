import { createReceiver, type Receiver, type ReceiverOptions } from '@postern/core'
import { hmac, token } from '@postern/core/scheme'
import {
  generic,
  github,
  linear,
  shopify,
  slack,
  standardWebhooks,
  stripe,
  twilio,
} from '@postern/providers'
import type { Services } from './services.ts'

/** Secrets of the sources: from the environment, or made up. */
export interface Secrets {
  readonly github: string
  readonly shopify: string
  readonly stripe: string
  readonly twilio: string
  readonly slack: string
  readonly standardWebhooks: string
  readonly linear: string
  readonly bank: string
  readonly sensor: string
}

export type SharedOptions = Omit<ReceiverOptions, 'provider' | 'name'>

type Source = (secrets: Secrets, options: SharedOptions, services: Services) => Receiver

// These services fail at times, so their handlers get three attempts. The first retry comes after some seconds.
const MAIL = { name: 'mail', retry: { attempts: 3, initialDelay: '5s' } } as const
const SEARCH = { name: 'search', retry: { attempts: 3, initialDelay: '2s' } } as const
const LEDGER = { name: 'ledger' } as const
const CHAT = { name: 'chat' } as const

/** Creates the receiver of each source. The key is the last part of the source's path. */
const SOURCES = {
  github: (secrets, options, { search, chat }) =>
    createReceiver({ ...options, provider: github({ secret: secrets.github }) })
      .on('issues.*', SEARCH, ({ topic, id }) => search('github', `${topic} ${String(id)}`))
      .on(
        ['push', 'release.published', 'workflow_run.completed', 'pull_request.*'],
        CHAT,
        (event) => chat('github', event.topic),
      ),

  shopify: (secrets, options, { ledger, mail, search }) =>
    createReceiver({ ...options, provider: shopify({ secret: secrets.shopify }) })
      .on('orders/*', LEDGER, ({ topic }) => ledger('shopify', topic))
      .on('orders/create', MAIL, ({ topic }) => mail('shopify', topic))
      .on('products/update', SEARCH, ({ topic }) => search('shopify', topic)),

  stripe: (secrets, options, { ledger, mail }) =>
    createReceiver({ ...options, provider: stripe({ secret: secrets.stripe }) })
      .on(['invoice.*', 'charge.refunded', 'payment_intent.succeeded'], LEDGER, ({ topic, id }) =>
        ledger('stripe', `${topic} ${String(id)}`),
      )
      .on(['invoice.payment_failed', 'customer.subscription.created'], MAIL, ({ topic }) =>
        mail('stripe', topic),
      ),

  twilio: (secrets, options, { chat }) =>
    createReceiver({ ...options, provider: twilio({ authToken: secrets.twilio }) }).onAny(
      CHAT,
      ({ topic }) => chat('twilio', topic),
    ),

  slack: (secrets, options, { chat }) =>
    createReceiver({ ...options, provider: slack({ signingSecret: secrets.slack }) })
      .on(['app_mention', 'message'], CHAT, ({ topic }) => chat('slack', topic))
      .answer('/deploy', () => ({ response_type: 'ephemeral', text: 'on its way' })),

  // The handler fails once, to show a retry.
  'standard-webhooks': (secrets, options, { ledger }) =>
    createReceiver({
      ...options,
      provider: standardWebhooks({ secret: secrets.standardWebhooks }),
    }).on(
      'invoice.*',
      { ...LEDGER, retry: { attempts: 3, initialDelay: '100ms' } },
      ({ topic }, { attempt }) => {
        if (attempt === 1) throw new Error('the first attempt fails on purpose')
        ledger('standard-webhooks', `${topic} at attempt ${attempt}`)
      },
    ),

  linear: (secrets, options, { search }) =>
    createReceiver({ ...options, provider: linear({ secret: secrets.linear }) }).on(
      'Issue.*',
      SEARCH,
      ({ topic }) => search('linear', topic),
    ),

  // A bank without a preset. It sends XML and signs with HMAC-SHA256 in its own header.
  bank: (secrets, options, { ledger }) =>
    createReceiver({
      ...options,
      name: 'bank',
      provider: generic({
        scheme: hmac({ header: 'x-bank-signature' }),
        secret: secrets.bank,
        eventIdHeader: 'x-bank-event-id',
        topicHeader: 'x-bank-event',
      }),
    }).on('card.charged', LEDGER, ({ payload }) =>
      ledger('bank', `card charged, ${JSON.stringify(payload)}`),
    ),

  // A sensor that can only send GET requests. The query contains all values, including a token.
  sensor: (secrets, options, { chat }) =>
    createReceiver({
      ...options,
      name: 'sensor',
      provider: generic({
        scheme: token({ query: 'token' }),
        secret: secrets.sensor,
        eventIdQuery: 'id',
        topicQuery: 'event',
      }),
    }).on('door.opened', CHAT, ({ payload }) =>
      chat('sensor', `door opened, ${JSON.stringify(payload)}`),
    ),
} as const satisfies Readonly<Record<string, Source>>

/** Name of a source, which is the last part of its path. */
export type SourceName = keyof typeof SOURCES

export const sourceNames = Object.keys(SOURCES) as readonly SourceName[]

/** Creates the receiver of a source. Its handlers call `services`. */
export function createReceiverOf(
  name: SourceName,
  secrets: Secrets,
  options: SharedOptions,
  services: Services,
): Receiver {
  return SOURCES[name](secrets, { ...options, log: false }, services)
}
