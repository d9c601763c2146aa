import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Mercado Pago. **The body is not signed**: only the query, a header and the time are signed. So fetch the payment from
 * the API. According to Mercado Pago's page, `data.id` is signed in lower case. Mercado Pago's libraries (since June
 * 2026) sign `data.id` unchanged. Both signatures are accepted. Mercado Pago does not say whether a retry is signed
 * again, so the default tolerance is the whole time over which Mercado Pago retries.
 * https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks
 */
export const mercadoPago: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'mercado-pago',
  title: 'Mercado Pago',
  docs: 'https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks',
  setup: {
    steps: ['Your integrations', '<application>', 'Webhooks'],
    secret: 'the secret signature of the application',
  },
  topics: ['payment.created', 'payment.updated', 'order.processed'],
  sign: (given) =>
    hmac({
      header: 'x-signature',
      pairs: { time: 'ts' },
      timestampUnit: 'any',
      tolerance: (4 * DAY) / 1000,
      message: [
        '[id:{query:data.id};][request-id:{header:x-request-id};]ts:{time};',
        '[id:{lower:query:data.id};][request-id:{header:x-request-id};]ts:{time};',
      ],
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'action',
  checked: '2026-11-28',
  delivers: {
    within: 22_000,
    retries: 4 * DAY,
    after4xx: 'retried',
    ok: '200 and 201',
    source: 'https://www.mercadopago.com.ar/developers/en/guides/notifications/webhooks/',
  },
})
