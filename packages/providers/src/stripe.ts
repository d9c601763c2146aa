import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { hmac, type Factory, type Scheme } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { field, needed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'

export { stripeObject } from './common/stripe-object.ts'
export type { StripeObjectOptions } from './common/stripe-object.ts'

const HEADER = 'stripe-signature'

/**
 * Stripe: snapshot events, thin events (`v2.core.event`) and Connect on one route. The signature is HMAC-SHA256 over
 * `t.body`, and its key is the text of the secret. While a secret rotates, a delivery has several `v1` signatures, of
 * which one must match. `v0` is ignored. The topic is `type`. The id is `id` (`evt_…`), which stays the same over
 * retries and endpoints; `request.idempotency_key` is not an event id. The dashboard's test button always sends
 * `evt_00000000000000`, so deduplication treats each click as the same event. Stripe retries for 3 days and counts a
 * redirect as a failure. A Connect event names its account in `account`, and a thin event in `context`.
 *
 * Types: `stripe<StripeEvents>({ secret })` with `@postern/providers/types/stripe`.
 * https://docs.stripe.com/webhooks/signature
 */
export const stripe: Factory<DatedPresetOptions> = /* @__PURE__ */ sender({
  name: 'stripe',
  title: 'Stripe',
  docs: 'https://docs.stripe.com/webhooks/signature',
  setup: {
    steps: ['Workbench', 'Webhooks', 'Create new destination'],
    url: 'https://dashboard.stripe.com/webhooks',
    secret: 'the Signing secret of the endpoint, under Workbench → Webhooks',
    docs: 'https://docs.stripe.com/workbench/webhooks',
  },
  notSecret: [
    [/^[spr]k_(?:test|live|org)_/, 'a key for the API'],
    [/^we_/, 'the id of the endpoint'],
    [/^(?:acct|ca|evt)_/, 'an id'],
  ],
  topics: [
    'payment_intent.succeeded',
    'invoice.paid',
    'v1.payment_intent.succeeded',
    'v2.core.account.created',
  ],
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '2xx',
    json: 'indented',
    retryId: 'same',
    source: 'https://docs.stripe.com/webhooks',
  },
  hint: "The endpoint's signing secret, whsec_…",
  covers: { body: 'bytes', id: true, timestamp: true },
  sign: stripeScheme,
  events(_delivery, body) {
    const id = text(body.value, 'id')
    const topic = needed(body.value, 'type')
    const twin = twinOf(body.value, id, topic)
    return [{ id, topic, payload: body.value, ...(twin && { twin }) }]
  },
  compose({ topic = 'payment_intent.succeeded', id, at = Date.now(), payload }) {
    const both = {
      id: id ?? `evt_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
      type: topic,
      livemode: false,
    }
    const thin = {
      ...both,
      object: 'v2.core.event',
      created: new Date(at).toISOString(),
      context: null,
      reason: null,
      related_object: null,
    }
    const snapshot = {
      ...both,
      object: 'event',
      api_version: '2026-10-28',
      created: Math.floor(at / 1000),
      data: { object: {} },
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
    }
    const event: object = mergeDeep(THIN.test(topic) ? thin : snapshot, payload)
    return {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      body: stringifyJson(event),
    }
  },
})

function stripeScheme({ tolerance }: { readonly tolerance?: number }): Scheme<Uint8Array> {
  const scheme = hmac({ header: 'Stripe-Signature', pairs: {}, tolerance })
  return {
    ...scheme,
    signAll(request, keys, now) {
      const signed = keys.map((key) => scheme.sign!(request, key, now))
      const [time] = signed[0]!.headers[HEADER]!.split(',')
      const each = signed.map(({ headers }) => headers[HEADER]!.split(',')[1])
      return { ...request, headers: { ...request.headers, [HEADER]: [time, ...each].join(',') } }
    },
  }
}

/**
 * Stripe may send two events about one change: a snapshot event, and a thin event that names the snapshot event.
 * Returns the id of the snapshot event with the topic of the other event. Undefined if there is no other event.
 */
function twinOf(
  event: unknown,
  id: string | undefined,
  topic: string,
): { readonly id: string; readonly topic: string } | undefined {
  if (field(event, 'object') === 'event')
    return id === undefined ? undefined : { id, topic: `v1.${topic}` }
  const snapshot = topic.startsWith('v1.') ? text(event, 'snapshot_event') : undefined
  return snapshot === undefined ? undefined : { id: snapshot, topic: topic.slice(3) }
}

/** Matches the type of a thin event, which starts with an API version. */
const THIN = /^v\d+\./
