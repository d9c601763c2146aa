import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Mercado Pago. The page signs `data.id` in lower case, the libraries as it came (since June 2026): both count. Its age
 * may be as long as Mercado Pago retries, since nobody says whether a retry is signed again. **The body is not
 * signed**: the query, a header and the time are. Ask the API for the payment.
 * https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks
 */
export const mercadoPago: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'mercado-pago',
  title: 'Mercado Pago',
  docs: 'https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks',
  setup: { steps: ['Your integrations', '<application>', 'Webhooks'], secret: 'its secret' },
  topics: ['payment.created', 'payment.updated', 'order.processed'],
  hint: 'Secret signature of the application.',
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
