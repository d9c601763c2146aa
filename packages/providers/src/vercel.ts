import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Vercel: account webhooks and integration webhooks. The signature has no time, so only the signed id stops a replay.
 * Vercel waits 30 s for an answer and retries for 24 hours.
 * https://vercel.com/docs/webhooks/webhooks-api
 */
export const vercel: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'vercel',
  title: 'Vercel',
  docs: 'https://vercel.com/docs/webhooks/webhooks-api',
  setup: {
    steps: ['<team>', 'Settings', 'Webhooks'],
    secret: 'the secret shown at creation of the webhook, or the client secret of the integration',
    docs: 'https://vercel.com/docs/webhooks',
  },
  notSecret: [[/^vc[a-z]_/, 'a token for the API']],
  topics: ['deployment.created', 'deployment.succeeded', 'deployment.error', 'project.created'],
  hint: 'Secret of the webhook, or client secret of the integration.',
  sign: () => hmac({ header: 'X-Vercel-Signature', algorithm: 'sha1' }),
  eventIdField: 'id',
  topicField: 'type',
  idPrefix: 'hook_',
  sends: () => ({ 'user-agent': 'Vercel Webhooks' }),
  checked: '2026-11-26',
  delivers: { within: 30_000, retries: DAY, ok: '2xx' },
})
