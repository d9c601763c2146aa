import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Persona. While a secret rotates, the header has two groups of time and signature, separated by a space.
 * https://docs.withpersona.com/docs/webhooks-best-practices
 */
export const persona: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'persona',
  title: 'Persona',
  docs: 'https://docs.withpersona.com/docs/webhooks-best-practices',
  setup: { place: 'Webhooks of the dashboard', secret: 'the webhook secret' },
  notSecret: [[/^persona_(?:sandbox|production)_/, 'a key for the API']],
  topics: ['inquiry.completed', 'inquiry.approved', 'verification.passed'],
  sign: (given) => hmac({ header: 'Persona-Signature', pairs: { groups: ' ' }, ...given }),
  eventIdField: 'data.id',
  topicField: 'data.attributes.name',
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    after4xx: 'retried',
    ok: '200, 201, 202 and 204',
    retryHeaders: { 'persona-webhook-attempts-made': '2' },
    source: 'https://docs.withpersona.com/webhooks-best-practices',
  },
})
