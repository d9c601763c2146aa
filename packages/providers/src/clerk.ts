import type { SecretOption } from '@postern/core'
import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/units.ts'

/** Options of {@link clerk}. */
export interface ClerkOptions extends StandardFamilyOptions {
  /** The signing secret of the endpoint, `whsec_<base64>`. */
  readonly secret: SecretOption
}

/**
 * Clerk: Standard Webhooks sent by Svix, under `svix-*` headers. Topic is `type` (`user.created`); id is `svix-id`, the
 * same over retries and the only one there is. Svix wants its 2xx within 15 s and retries for about 28 hours.
 * https://clerk.com/docs/webhooks/overview
 */
export const clerk: Factory<ClerkOptions> = /* @__PURE__ */ standardFamily({
  name: 'clerk',
  title: 'Clerk',
  docs: 'https://clerk.com/docs/webhooks/overview',
  setup: {
    steps: ['<application>', 'Webhooks', 'Add Endpoint'],
    url: 'https://dashboard.clerk.com/~/webhooks',
    secret: "the Signing Secret on the endpoint's settings page",
    docs: 'https://clerk.com/docs/guides/development/webhooks/syncing',
  },
  topics: ['user.created', 'user.updated', 'session.created', 'organization.created'],
  secretHint: 'Signing secret of the endpoint, whsec_…',
  prefixes: ['svix-', 'webhook-'],
  checked: '2026-11-26',
  delivers: {
    within: 15_000,
    retries: 28 * HOUR,
    after4xx: 'retried',
    givesUp: 'disabled after five days in which all failed',
    ok: '2xx',
    source: 'https://docs.svix.com/retries',
  },
})
