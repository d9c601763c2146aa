import type { Provider } from '@postern/core/scheme'
import { figma } from '@postern/providers/figma'
import { github } from '@postern/providers/github'
import { paddle } from '@postern/providers/paddle'
import { polar } from '@postern/providers/polar'
import { square } from '@postern/providers/square'
import { stripe } from '@postern/providers/stripe'
import { svix } from '@postern/providers/svix'
import { workos } from '@postern/providers/workos'
import type { Source } from '../../../../packages/registrar/src/index.ts'
import { figmaEvents } from '../../../../packages/registrar/src/sources/figma.ts'
import {
  githubEvents,
  githubRedelivery,
} from '../../../../packages/registrar/src/sources/github.ts'
import {
  paddleEvents,
  paddleRedelivery,
} from '../../../../packages/registrar/src/sources/paddle.ts'
import { polarRedelivery } from '../../../../packages/registrar/src/sources/polar.ts'
import { squareEvents } from '../../../../packages/registrar/src/sources/square.ts'
import { stripeEvents } from '../../../../packages/registrar/src/sources/stripe.ts'
import { svixRedelivery } from '../../../../packages/registrar/src/sources/svix.ts'
import { workosEvents } from '../../../../packages/registrar/src/sources/workos.ts'

/** Entry of a false list. `at` appears unchanged in the response. */
export interface Entry {
  readonly id: string
  readonly at: unknown
}

type Fetch = typeof globalThis.fetch

/** Provider with an API for its events. In the test, this API returns false data. */
export interface Sender {
  readonly title: string
  readonly provider: Provider
  readonly topic: string
  readonly source: (fetch: Fetch) => Source
  readonly list: string
  /** Returns one page of entries that announces a next page. */
  readonly page: (entries: readonly Entry[], number: number) => unknown
  /** Returns responses for other calls, by `METHOD path`. Single events are requested by id. */
  readonly more?: (call: string, entries: readonly Entry[]) => unknown
  /** Returns the webhook's payload. Only needed if the payload identifies the event. */
  readonly payload?: (entry: Entry) => object
  /** False if the API has no pages. @default true */
  readonly isPaged?: boolean
}

const url = 'https://app.example/hooks'
const token = 'a token of tests 0123456789'
const HOOKS = '/repos/octo/hello/hooks'

const paddleEvent = ({ id, at }: Entry) => ({
  event_id: id,
  event_type: 'transaction.paid',
  occurred_at: at,
})
const squareEvent = ({ id, at }: Entry) => ({
  event_id: id,
  type: 'payment.created',
  created_at: at,
  merchant_id: 'm',
})
const stripeEvent = ({ id, at }: Entry) => ({
  id,
  object: 'event',
  type: 'invoice.paid',
  created: typeof at === 'string' && /^\d{4}-/.test(at) ? Math.floor(Date.parse(at) / 1000) : at,
  pending_webhooks: 1,
})
const workosEvent = ({ id, at }: Entry) => ({
  id,
  event: 'dsync.user.created',
  created_at: at,
  data: {},
})

function paddlePage(path: string, data: readonly object[], number: number): object {
  const next = `https://api.paddle.com${path}?after=${number + 1}`
  return { data, meta: { pagination: { has_more: true, next } } }
}

const ofGithub = {
  provider: github({ secret: 'a secret of tests' }),
  topic: 'issues.opened',
  list: `${HOOKS}/1/deliveries`,
  page: (entries: readonly Entry[], number: number) =>
    new Response(
      JSON.stringify(
        entries.map(({ id, at }) => ({
          id: `of-${id}`,
          guid: id,
          delivered_at: at,
          status_code: 500,
          event: 'issues',
          action: 'opened',
        })),
      ),
      { headers: { link: `<https://api.github.com/x?cursor=${number + 1}>; rel="next"` } },
    ),
  more: (call: string, [entry]: readonly Entry[]) =>
    call === `GET ${HOOKS}`
      ? [{ id: 1, config: { url } }]
      : {
          request: {
            headers: { 'X-GitHub-Event': 'issues', 'X-GitHub-Delivery': entry?.id },
            payload: { action: 'opened' },
          },
        },
  payload: () => ({ action: 'opened' }),
}

export const senders: Readonly<Record<string, Sender>> = {
  figmaEvents: {
    title: 'figma',
    provider: figma({ passcode: 'theirs' }),
    topic: 'FILE_UPDATE',
    source: (fetch) => figmaEvents({ token, context: 'team', contextId: '1', url, fetch }),
    list: '/v2/webhooks/1/requests',
    page: (entries) => ({
      requests: entries.map(({ id, at }) => ({
        request_info: {
          id,
          sent_at: at,
          payload: { event_type: 'FILE_UPDATE', webhook_id: '1', file_key: id, timestamp: at },
        },
      })),
    }),
    more: () => ({ webhooks: [{ id: '1', endpoint: url }] }),
    isPaged: false,
  },
  githubEvents: {
    ...ofGithub,
    title: 'github',
    source: (fetch) => githubEvents({ token, repository: 'octo/hello', url, fetch }),
  },
  githubRedelivery: {
    ...ofGithub,
    title: 'github',
    source: (fetch) => githubRedelivery({ token, repository: 'octo/hello', url, fetch }),
  },
  paddleEvents: {
    title: 'paddle',
    provider: paddle({ secretKey: 'pdl_ntfset_0123456789' }),
    topic: 'transaction.paid',
    source: (fetch) => paddleEvents({ key: token, fetch }),
    list: '/events',
    page: (entries, number) => paddlePage('/events', entries.map(paddleEvent), number),
    payload: paddleEvent,
  },
  paddleRedelivery: {
    title: 'paddle',
    provider: paddle({ secretKey: 'pdl_ntfset_0123456789' }),
    topic: 'transaction.paid',
    source: (fetch) => paddleRedelivery({ key: token, fetch }),
    list: '/notifications',
    page: (entries, number) =>
      paddlePage(
        '/notifications',
        entries.map(({ id, at }) => ({
          id: `ntf-${id}`,
          type: 'transaction.paid',
          status: 'failed',
          occurred_at: at,
          payload: { event_id: id },
        })),
        number,
      ),
  },
  polarRedelivery: {
    title: 'polar',
    provider: polar({ secret: 'a secret of tests' }),
    topic: 'order.paid',
    source: (fetch) => polarRedelivery({ token, fetch }),
    list: '/v1/webhooks/deliveries',
    page: (entries) => ({
      items: entries.map(({ id, at }) => ({
        id: `of-${id}`,
        created_at: at,
        webhook_event: { id, type: 'order.paid', succeeded: false },
      })),
      pagination: { max_page: 1e12 },
    }),
  },
  squareEvents: {
    title: 'square',
    provider: square({ signatureKey: 'key_0123456789', publicUrl: url }),
    topic: 'payment.created',
    source: (fetch) => squareEvents({ token, url, fetch }),
    list: '/v2/events',
    page: (entries, number) => ({ events: entries.map(squareEvent), cursor: `${number + 1}` }),
    payload: squareEvent,
  },
  stripeEvents: {
    title: 'stripe',
    provider: stripe({ secret: 'whsec_0123456789abcdef' }),
    topic: 'invoice.paid',
    source: (fetch) => stripeEvents({ key: token, url, fetch }),
    list: '/v1/events',
    page: (entries) => ({ data: entries.map(stripeEvent), has_more: true }),
    more: (call, [entry]) =>
      call.endsWith('/webhook_endpoints') ? { data: [{ id: 'we_1', url }] } : stripeEvent(entry!),
    payload: stripeEvent,
  },
  svixRedelivery: {
    title: 'svix',
    provider: svix({ secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` }),
    topic: 'a.topic',
    source: (fetch) => svixRedelivery({ token, application: 'app_1', endpoint: 'ep_1', fetch }),
    list: '/api/v1/app/app_1/attempt/endpoint/ep_1/',
    page: (entries, number) => ({
      data: entries.map(({ id, at }) => ({
        id: `of-${id}`,
        msgId: id,
        timestamp: at,
        status: 2,
        msg: { eventType: 'a.topic' },
      })),
      done: false,
      iterator: `${number + 1}`,
    }),
  },
  workosEvents: {
    title: 'workos',
    provider: workos({ secret: 'a-secret-0123456789' }),
    topic: 'dsync.user.created',
    source: (fetch) => workosEvents({ key: token, events: ['dsync.user.created'], fetch }),
    list: '/events',
    page: (entries, number) => ({
      data: entries.map(workosEvent),
      list_metadata: { after: `${number + 1}` },
    }),
    payload: workosEvent,
  },
}
