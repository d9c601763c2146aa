import { textReply } from '@postern/core'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import type { Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { needed } from './common/read.ts'
import { adyenItems, adyenScheme } from './schemes/adyen.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

/**
 * Adyen's standard (payment) webhooks, as JSON or forms, not SOAP. Each item has its own signature,
 * `additionalData.hmacSignature`: HMAC-SHA256 over eight fields of the item. If one item has a wrong signature, the
 * whole delivery is rejected. The other fields are not signed: `live`, `eventDate`, `reason` and the rest of
 * `additionalData`.
 *
 * The topic is `eventCode`. The id is `pspReference:eventCode:success`, and all three parts are signed. The payload is
 * the item, with the delivery's `live` added. Adyen expects a 2xx with the body `[accepted]` within 10 s. Adyen retries
 * for up to 30 days, the oldest delivery first, so a rejected delivery delays the others.
 * https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures
 */
export const adyen: Factory<PresetOptions<'hmacKey'>> = /* @__PURE__ */ sender({
  name: 'adyen',
  title: 'Adyen (payments)',
  docs: 'https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures',
  setup: {
    steps: ['Customer Area', 'Developers', 'Webhooks'],
    secret: "the HMAC key that you generate in the webhook's settings, in hex",
    docs: 'https://docs.adyen.com/development-resources/webhooks/best-practices',
  },
  notSecret: [[/^AQ[A-Z][\w+/]{10,}/, 'a key for the API']],
  topics: ['AUTHORISATION', 'CAPTURE', 'REFUND', 'CANCELLATION', 'CHARGEBACK', 'REPORT_AVAILABLE'],
  facts: {
    scheme: 'HMAC-SHA256 of eight fields of each item, base64, key in hex',
    place: { field: 'notificationItems[].NotificationRequestItem.additionalData.hmacSignature' },
  },
  example: { hmacKey: '44782DEF547AAA06C910C43932B1EB0C' },
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    retries: 30 * DAY,
    after4xx: 'retried',
    ok: '2xx with the body [accepted]',
    source: 'https://docs.adyen.com/development-resources/webhooks/troubleshoot',
  },
  formats: ['json', 'form'],
  secret: 'hmacKey',
  covers: { body: 'fields', id: true },
  sign: () => adyenScheme(),
  events(delivery) {
    return adyenItems(delivery).map(({ item, live }) => ({
      id: joinedId(item, 'pspReference', 'eventCode', 'success'),
      topic: needed(item, 'eventCode'),
      payload: { ...(item as object), ...(live !== undefined && { live }) },
    }))
  },
  reply: (result) => (result.kind === 'rejected' ? undefined : textReply('[accepted]')),
  compose({ topic, id, payload }) {
    const [, pspReference, code, success] = /^([^:]+):(.+):(true|false)$/.exec(id ?? '') ?? []
    const item = mergeDeep(
      {
        pspReference: pspReference ?? '7914073381342284',
        merchantAccountCode: 'TestMerchant',
        merchantReference: 'TestPayment-1',
        amount: { value: 1130, currency: 'EUR' },
        eventCode: topic ?? code ?? 'AUTHORISATION',
        success: success ?? 'true',
      },
      payload,
    )
    return {
      body: stringifyJson({
        live: 'false',
        notificationItems: [{ NotificationRequestItem: item }],
      }),
    }
  },
})
