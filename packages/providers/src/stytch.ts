import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Stytch: Standard Webhooks sent by Svix, under `svix-*` headers. Topic is `object_type.action` (`user.CREATE`), id is
 * the header `svix-id`, the same over retries.
 * https://stytch.com/docs/guides/webhooks
 */
export const stytch: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'stytch',
  title: 'Stytch',
  docs: 'https://stytch.com/docs/guides/webhooks',
  setup: {
    place: 'the Webhooks page of the dashboard',
    secret: 'the signing secret of the endpoint',
  },
  topics: ['user.CREATE', 'user.UPDATE', 'user.DELETE'],
  topicField: ['object_type', 'action'],
  prefixes: ['svix-'],
  checked: '2026-11-28',
  delivers: {
    within: 15_000,
    retries: 28 * HOUR,
    after4xx: 'retried',
    givesUp: 'disabled after five days in which all failed',
    ok: '2xx',
    source: 'https://docs.svix.com/retries',
  },
})
