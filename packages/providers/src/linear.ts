import { WebhookError, type Delivery } from '@postern/core'
import { checkTimestamp, parseTimestamp, singleHeader, stringifyJson } from '@postern/core/internal'
import { hmac, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { agreedTopic, field, narrowed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'

/**
 * Linear. The signature is HMAC-SHA256 over the body. The time is the body's `webhookTimestamp`. If the body has no
 * time, the unsigned header with the time is used. The topic is `type` with `action` (`Issue.create`; `Issue` matches
 * too). The id is the unsigned header `Linear-Delivery`. Linear expects a 200 within 5 s and retries after 1 minute, 1
 * hour and 6 hours.
 *
 * Types: `linear<LinearEvents>({ secret })` with `@postern/providers/types/linear`.
 * https://linear.app/developers/webhooks
 */
export const linear: Factory<DatedPresetOptions> = /* @__PURE__ */ sender({
  name: 'linear',
  title: 'Linear',
  docs: 'https://linear.app/developers/webhooks',
  setup: {
    call: 'the mutation webhookCreate of the GraphQL API',
    secret: 'the signing secret of the webhook',
  },
  notSecret: [[/^lin_(?:api|oauth)_/, 'a key for the API']],
  topics: ['Issue.create', 'Issue.update', 'Comment.create', 'Project.update', 'IssueSLA.breached'],
  facts: { tolerance: 60 },
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 8 * HOUR,
    after4xx: 'retried',
    ok: '200',
    source: 'https://developers.linear.app/docs/graphql/webhooks',
  },
  claims: 'linear-delivery',
  // Each body has its time of sending, so the bodies of two deliveries always differ:
  // https://linear.app/developers/webhooks
  repeats: false,
  covers: { body: 'bytes', timestamp: true },
  sign: ({ tolerance }) => hmac({ header: 'Linear-Signature', tolerance }),
  check: (delivery, clock, { tolerance = 60 }) =>
    checkTimestamp(timeOf(delivery), clock(), tolerance),
  events(delivery, { value }) {
    const id = delivery.header('linear-delivery') || undefined
    const type = agreedTopic(text(value, 'type'), delivery, 'linear-event')
    return [{ id, ...narrowed(type, text(value, 'action')), payload: value }]
  },
  compose({ topic = 'Issue.create', id, at = Date.now(), payload }) {
    const [type = topic, action] = topic.split('.', 2)
    return {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Linear-Webhook',
        'linear-delivery': id ?? crypto.randomUUID(),
        'linear-event': type,
      },
      body: stringifyJson({ action, type, ...(payload as object), webhookTimestamp: at }),
    }
  },
})

const TIME = 'linear-timestamp'

function timeOf(delivery: Delivery): number {
  const time = field(delivery.json(), 'webhookTimestamp')
  if (typeof time === 'number') return time
  if (time !== undefined || delivery.header(TIME) === undefined)
    throw new WebhookError('malformed_event', {
      problem: 'missing',
      field: 'webhookTimestamp',
      expected: 'milliseconds',
    })
  return parseTimestamp(singleHeader(delivery, TIME), TIME, 'ms')
}
