import type { Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Gemini API: Standard Webhooks for static endpoints. If you give a URL with a single job, Google signs the deliveries
 * with its own key. Such deliveries are not supported.
 * https://ai.google.dev/gemini-api/docs/webhooks
 */
export const gemini: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'gemini',
  title: 'Gemini API',
  docs: 'https://ai.google.dev/gemini-api/docs/webhooks',
  setup: {
    place: 'a static endpoint of the webhooks API',
    secret: 'the secret, shown once at creation',
  },
  notSecret: [[/^AIza/, 'a key for the API']],
  topics: ['batch.succeeded', 'batch.failed', 'video.generated'],
  checked: '2026-11-28',
  delivers: {
    retries: DAY,
    source:
      'https://blog.google/innovation-and-ai/technology/developers-tools/event-driven-webhooks/',
  },
})
