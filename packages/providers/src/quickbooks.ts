import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { field, items, text } from './common/read.ts'
import { DAY } from './common/units.ts'
import { joined, joinedId } from './schemes/ids.ts'
import { genericEvents } from './schemes/generic/places.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * QuickBooks Online. The signature is HMAC-SHA256 over the body, in base64, in `intuit-signature`. A delivery is a list
 * of CloudEvents: the topic is `type` and the id is `id`. The older format `eventNotifications` is supported too: one
 * event per entity, with the topic `Invoice.Update`. QuickBooks retries with growing delays, then every 6 hours. The
 * end of the retries is not documented; the provider assumes a day.
 * https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
 */
export const quickbooks: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'quickbooks',
  title: 'QuickBooks Online',
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks',
  setup: { steps: ['<app>', 'Webhooks'], secret: 'the verifier token of the app' },
  topics: ['qbo.invoice.updated.v1', 'qbo.customer.created.v1', 'qbo.payment.deleted.v1'],
  sign: (given) => hmac({ header: 'intuit-signature', encoding: 'base64', ...given }),
  itemsField: '',
  eventIdField: 'id',
  topicField: 'type',
  events: (delivery, body) =>
    Array.isArray(body.value) ? genericEvents(delivery, body, LIST) : older(body.value),
  checked: '2026-11-28',
  delivers: {
    within: 3_000,
    retries: DAY,
    after4xx: 'retried',
    ok: '200',
    source: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks/best-practices',
  },
})

const LIST = { itemsField: '', eventIdField: 'id', topicField: 'type' } as const

function older(value: unknown): readonly EventDraft[] {
  return items(value, 'eventNotifications').flatMap((notification) =>
    items(field(notification, 'dataChangeEvent'), 'entities').map((entity) => {
      const realm = text(notification, 'realmId')
      const own = joinedId(entity, 'name', 'id', 'operation', 'lastUpdated')
      return {
        id: realm && own && `${joined([realm])}:${own}`,
        topic: `${text(entity, 'name')}.${text(entity, 'operation')}`,
        payload: { realmId: realm, ...(entity as object) },
      }
    }),
  )
}
