import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Paddle Billing, not Paddle Classic. The signature is HMAC-SHA256 over `ts:body`. While a key rotates, a delivery has
 * several `h1` signatures, of which one must match. The topic is `event_type`. The id is `event_id`; `notification_id`
 * differs by destination, so it is not used. The default tolerance of 5 s is Paddle's own value. Set a larger
 * `tolerance` if clocks or queues are slow. Paddle expects a 200 within 5 s, sends events in any order, and retries for
 * 3 days.
 * https://developer.paddle.com/webhooks/signature-verification
 */
export const paddle: Factory<DatedPresetOptions<'secretKey'>> = /* @__PURE__ */ preset({
  name: 'paddle',
  title: 'Paddle',
  docs: 'https://developer.paddle.com/webhooks/signature-verification',
  setup: {
    steps: ['Paddle', 'Developer tools', 'Notifications'],
    url: 'https://vendors.paddle.com/notifications',
    secret: 'the secret key of the notification destination, shown when you edit it',
    docs: 'https://github.com/PaddleHQ/paddle-nextjs-starter-kit#readme',
  },
  notSecret: [
    [/^pdl_(?:live|sdbx)_(?:apikey_)?/, 'a key for the API'],
    [/^(?:live|test)_[\da-f]+$/, 'a client-side token'],
    [/^ntfset_/, 'the id of the destination'],
  ],
  topics: ['transaction.completed', 'subscription.created', 'subscription.canceled'],
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 3 * DAY,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '200',
    source: 'https://developer.paddle.com/webhooks/respond-to-webhooks',
  },
  hint: 'Secret key of the notification destination, pdl_ntfset_….',
  secret: 'secretKey',
  sign: ({ tolerance = 5 }) =>
    hmac({
      header: 'Paddle-Signature',
      pairs: { separator: ';', time: 'ts', signature: 'h1' },
      message: '{time}:{body}',
      tolerance,
      // If your clock is 6 s slow, a limit of 5 s would reject every delivery. A larger limit for times in the future
      // is safe, because a replayed delivery has a time in the past.
      ahead: Math.max(tolerance, 60),
    }),
  eventIdField: 'event_id',
  topicField: 'event_type',
  idPrefix: 'evt_',
  sends: () => ({ 'user-agent': 'Paddle', 'paddle-version': '1' }),
})
