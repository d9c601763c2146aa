import { hmac, type Factory } from '@postern/core/scheme'
import { text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const TIME = 'x-zendesk-webhook-signature-timestamp'

/**
 * Zendesk: event subscriptions, and webhooks of triggers and automations, which may have any method and body. The
 * signature is HMAC-SHA256 over the time and the body, not over method and URL. The topic of an event is its `type`
 * (`zen:event-type:user.created`; `user.created` matches too) and the id is `id`. The topic of a trigger is `trigger`,
 * and its id is the unsigned header `X-Zendesk-Webhook-Invocation-Id`. Zendesk waits 12 s for an answer and retries
 * after 409, 429, 503 and timeouts.
 * https://developer.zendesk.com/documentation/webhooks/verifying/
 */
export const zendesk: Factory<DatedPresetOptions<'signingSecret'>> = /* @__PURE__ */ sender({
  name: 'zendesk',
  title: 'Zendesk',
  docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  setup: {
    steps: [
      'Admin Center',
      'Apps and integrations',
      'Actions and webhooks',
      'Webhooks',
      'Create webhook',
    ],
    secret: 'the signing secret of the webhook',
    docs: 'https://support.zendesk.com/hc/en-us/articles/4408839108378',
  },
  topics: ['zen:event-type:user.created', 'zen:event-type:ticket.status_changed', 'trigger'],
  checked: '2026-11-26',
  delivers: { within: 12_000, after4xx: 'dropped, but 409 and 429', ok: '2xx' },
  formats: ['json', 'xml', 'form'],
  claims: 'x-zendesk-webhook-invocation-id',
  // Zendesk signs the time of sending, so the signed bytes of two deliveries always differ:
  // https://developer.zendesk.com/documentation/webhooks/verifying/
  repeats: false,
  secret: 'signingSecret',
  covers: { body: 'bytes', timestamp: true },
  methods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
  sign: ({ tolerance }) =>
    hmac({
      header: 'X-Zendesk-Webhook-Signature',
      encoding: 'base64',
      timestampHeader: TIME,
      timestampUnit: 'iso',
      tolerance,
      message: '{time}{body}',
    }),
  events(delivery, { value }) {
    const type = text(value, 'type')
    // The author of a trigger writes its body. An `id` in that body is a ticket's id, not the event's id.
    if (!type?.startsWith(EVENT)) {
      const id = delivery.header('x-zendesk-webhook-invocation-id') || undefined
      return [{ id, topic: 'trigger', payload: value }]
    }
    const aliases = [type.slice(EVENT.length)]
    return [{ id: text(value, 'id'), topic: type, aliases, payload: value }]
  },
  compose({ topic = 'trigger', id = crypto.randomUUID(), at = Date.now(), payload }) {
    const isEvent = topic.startsWith(EVENT)
    return {
      headers: {
        'user-agent': 'Zendesk Webhook',
        'x-zendesk-webhook-invocation-id': id,
        [TIME]: new Date(at).toISOString().replace(/\.\d+/, ''),
      },
      ...(isEvent && { body: sampleJson({ type: topic, id }, payload) }),
    }
  },
})

const EVENT = 'zen:event-type:'
