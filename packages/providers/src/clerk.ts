import type { Factory } from '@postern/core/scheme'
import {
  standardFamily,
  type StandardFamilySecretOptions,
  SVIX_DELIVERS,
} from './schemes/standard-family.ts'

/**
 * Clerk: Standard Webhooks that Svix sends, with `svix-*` headers. Svix expects a 2xx within 15 s and retries for about
 * 28 hours. https://clerk.com/docs/webhooks/overview
 */
export const clerk: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'clerk',
  title: 'Clerk',
  docs: 'https://clerk.com/docs/webhooks/overview',
  setup: {
    steps: ['<application>', 'Webhooks', 'Add Endpoint'],
    url: 'https://dashboard.clerk.com/~/webhooks',
    secret: "the Signing Secret on the endpoint's settings page",
    docs: 'https://clerk.com/docs/guides/development/webhooks/syncing',
  },
  notSecret: [[/^[sp]k_(?:test|live)_/, 'a key for the API']],
  topics: ['user.created', 'user.updated', 'session.created', 'organization.created'],
  prefixes: ['svix-', 'webhook-'],
  checked: '2026-11-26',
  delivers: SVIX_DELIVERS,
})
