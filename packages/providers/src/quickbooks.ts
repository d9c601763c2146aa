import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { field, items, text } from './common/read.ts'
import { DAY } from './common/units.ts'
import { joined, joinedId } from './schemes/ids.ts'
import { genericEvents } from './schemes/generic/places.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * QuickBooks Online. HMAC-SHA256 over the body in `intuit-signature`, base64. A delivery is a list of CloudEvents: topic
 * is `type`, id is `id`. The older `eventNotifications` are read too: an event for each entity, topic `Invoice.Update`.
 * What is not answered comes again after seconds, minutes and hours, then each 6 hours; no page names an end.
 * https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
 */
export const quickbooks: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'quickbooks',
  title: 'QuickBooks Online',
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks',
  setup: { steps: ['<app>', 'Webhooks'], secret: 'the verifier token of the app' },
  topics: ['qbo.invoice.updated.v1', 'qbo.customer.created.v1', 'qbo.payment.deleted.v1'],
  hint: 'Verifier token of the app.',
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

// One event for each entity; those of before the CloudEvents have no id.
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
