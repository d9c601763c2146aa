import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Ghost. There is no event id. The payload does not name its event, so the topic is the kind of the changed object,
 * such as `post` for a published post. https://ghost.org/docs/webhooks/
 */
export const ghost: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'ghost',
  title: 'Ghost',
  docs: 'https://ghost.org/docs/webhooks/',
  setup: {
    steps: ['Settings', 'Integrations', 'Add custom integration'],
    secret: 'the secret of the integration',
  },
  topics: ['post', 'member', 'page'],
  sign: (given) =>
    hmac({
      header: 'X-Ghost-Signature',
      pairs: { signature: 'sha256' },
      timestampUnit: 'ms',
      message: '{body}{time}',
      ...given,
    }),
  topic: (_delivery, { value }) => Object.keys(value as object)[0] ?? 'event',
  compose: ({ topic = 'post', payload }) => ({
    headers: {},
    body: sampleJson({ [topic]: { current: {}, previous: {} } }, payload),
  }),
  checked: '2026-11-28',
  delivers: {
    within: 2_000,
    givesUp: 'deleted at a 410',
    ok: '2xx',
    source:
      'https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/webhooks/webhook-trigger.js',
  },
})
