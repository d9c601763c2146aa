import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * WorkOS webhooks. WorkOS Actions, which need a signed reply, are not supported. WorkOS retries for 3 days with growing
 * delays, but only for some minutes outside production.
 * https://workos.com/docs/events/data-syncing/webhooks
 */
export const workos: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'workos',
  title: 'WorkOS',
  docs: 'https://workos.com/docs/events/data-syncing/webhooks',
  setup: {
    steps: ['Dashboard', 'Webhooks', 'Endpoints'],
    url: 'https://dashboard.workos.com',
    secret: 'the secret of the endpoint',
    docs: 'https://github.com/workos/skills/blob/main/skills/workos/workos-directory-sync.md',
  },
  notSecret: [
    [/^sk_/, 'a key for the API'],
    [/^client_/, 'the client id'],
  ],
  topics: ['dsync.user.created', 'connection.activated', 'user.created'],
  sign: ({ tolerance = 180 }) =>
    hmac({ header: 'WorkOS-Signature', pairs: { most: 1 }, timestampUnit: 'ms', tolerance }),
  eventIdField: 'id',
  topicField: 'event',
  idPrefix: 'event_',
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://workos.com/docs/webhooks',
  },
})
