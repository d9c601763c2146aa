import { hmac, type Factory } from '@postern/core/scheme'
import { getChallenge } from './schemes/challenge.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Nylas. If the body is compressed, the signature covers the compressed bytes.
 * https://developer.nylas.com/docs/v3/notifications/
 */
export const nylas: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'nylas',
  title: 'Nylas',
  docs: 'https://developer.nylas.com/docs/v3/notifications/',
  setup: { steps: ['Notifications', 'Create webhook'], secret: 'webhook_secret, shown once' },
  notSecret: [[/^nyk_/, 'a key for the API']],
  topics: ['message.created', 'event.updated', 'grant.expired'],
  sign: (given) => hmac({ header: 'X-Nylas-Signature', ...given }),
  eventIdField: 'id',
  topicField: 'type',
  codings: { gzip: 'sent' },
  .../* @__PURE__ */ getChallenge('challenge'),
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    retries: 1_200_000,
    after4xx: 'dropped, but 408 and 429',
    givesUp: 'failed after 72 hours in which 95 % failed',
    ok: '200',
  },
})
