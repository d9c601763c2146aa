import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** Render: Standard Webhooks. https://render.com/docs/webhooks */
export const render: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'render',
  title: 'Render',
  docs: 'https://render.com/docs/webhooks',
  setup: {
    place: 'the Webhooks page of the workspace',
    secret: 'the signing secret of the webhook',
  },
  notSecret: [[/^rnd_/, 'a key for the API']],
  topics: ['deploy_started', 'deploy_ended', 'build_ended'],
  checked: '2026-11-28',
  delivers: {
    within: 15_000,
    retries: 33 * HOUR,
    after4xx: 'retried',
    givesUp: 'disabled after an event of which all eight attempts failed',
    ok: '2xx',
    retryId: 'same',
  },
})
