import { emptyReply } from '@postern/core'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Xero. The signature is HMAC-SHA256 over the body. A delivery is a batch. The topic of an event is for example
 * `CONTACT.UPDATE`, and the id is made of tenant, resource, type and time. Xero's check "intent to receive" is a batch
 * without events. For this check, the reply is a 200 if the signature is right, and a 401 if it is wrong. Xero expects
 * a 200 within 5 s, with an empty body and no cookie, and retries for 24 hours.
 * https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/
 */
export const xero: Factory<PresetOptions<'webhookKey'>> = /* @__PURE__ */ preset({
  name: 'xero',
  title: 'Xero',
  docs: 'https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/',
  setup: {
    steps: ['<app>', 'Webhooks', 'Delivery URL'],
    url: 'https://developer.xero.com/myapps',
    secret: 'the Webhooks key, on the same tab',
    docs: 'https://github.com/XeroAPI/XeroWebhooksReceiver#readme',
  },
  notSecret: [[/^[\dA-F]{32}$/, 'the client id']],
  topics: ['CONTACT.CREATE', 'CONTACT.UPDATE', 'INVOICE.CREATE', 'INVOICE.UPDATE'],
  handshakes: ['intent to receive'],
  secret: 'webhookKey',
  hint: 'The webhooks key of the app.',
  sign: () => hmac({ header: 'X-Xero-Signature', encoding: 'base64' }),
  itemsField: 'events',
  eventIdField: ['tenantId', 'resourceId', 'eventType', 'eventDateUtc'],
  topicField: ['eventCategory', 'eventType'],
  reply: (result) => (result.kind === 'rejected' ? undefined : emptyReply()),
  compose({ topic = 'CONTACT.UPDATE', payload, at = Date.now() }) {
    const [eventCategory, eventType] = topic.split('.')
    const eventDateUtc = new Date(at).toISOString().replace('Z', '')
    const ids = { tenantId: crypto.randomUUID(), resourceId: crypto.randomUUID() }
    const event = mergeDeep({ ...ids, eventCategory, eventType, eventDateUtc }, payload)
    return { body: stringifyJson({ events: [event], firstEventSequence: 1, lastEventSequence: 1 }) }
  },
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: DAY,
    redirect: 'failure',
    after4xx: 'retried',
    givesUp: 'disabled after 24 hours without a right answer',
    ok: '200, empty, without cookies',
  },
})
