import { emptyReply, type SecretOption } from '@postern/core'
import { hmac, mergeDeep, stringifyJson, type Draft, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { items, needed } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'

/** Options of {@link xero}. */
export interface XeroOptions {
  /** The webhooks key of the app. It looks like base64 and is used as it is. */
  readonly webhookKey: SecretOption
}

/**
 * Xero. HMAC-SHA256 over the body. A delivery is a batch: the topic of each event is `CONTACT.UPDATE`, the id is made of
 * tenant, resource, type and time. The "intent to receive" is a batch without events: 200 for a right signature and 401
 * for a wrong one. Xero wants its 200 within 5 s with an empty body and no cookie, and retries for 24 hours.
 * https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/
 */
export const xero: Factory<XeroOptions> = /* @__PURE__ */ provider({
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
  facts: {
    checked: '2026-11-28',
    delivers: {
      within: 5_000,
      retries: DAY,
      redirect: 'failure',
      after4xx: 'retried',
      givesUp: 'disabled after 24 hours without a right answer',
      ok: '200, empty, without cookies',
    },
  },
  options: {
    webhookKey: 'The webhooks key of the app.',
  },
  secret: 'webhookKey',
  covers: { body: 'bytes', id: true },
  scheme: () => hmac({ header: 'X-Xero-Signature', encoding: 'base64' }),
  events: (_delivery, { value }) =>
    items(value, 'events').map((event) => ({
      id: joinedId(event, 'tenantId', 'resourceId', 'eventType', 'eventDateUtc'),
      topic: `${needed(event, 'eventCategory')}.${needed(event, 'eventType')}`,
      payload: event,
    })),
  reply: (result) => (result.kind === 'refused' ? undefined : emptyReply()),
  compose,
})

function compose({ topic = 'CONTACT.UPDATE', payload, at = Date.now() }: Draft): { body: string } {
  const [eventCategory, eventType] = topic.split('.')
  const eventDateUtc = new Date(at).toISOString().replace('Z', '')
  const ids = { tenantId: crypto.randomUUID(), resourceId: crypto.randomUUID() }
  const event = mergeDeep({ ...ids, eventCategory, eventType, eventDateUtc }, payload)
  return {
    body: stringifyJson({ events: [event], firstEventSequence: 1, lastEventSequence: 1 }),
  }
}
