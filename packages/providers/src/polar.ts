import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/units.ts'

/**
 * Polar: Standard Webhooks. Secrets made on or after 2026-09-08 (UTC) are decoded as in the specification. For older
 * secrets, the key is the whole text. As in Polar's SDK, both keys are tried. Polar counts a redirect as a failure.
 * Polar does not document how long it retries, so the provider assumes the specification's schedule of about 76 hours.
 * https://polar.sh/docs/integrate/webhooks/delivery
 */
export const polar: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'polar',
  title: 'Polar',
  docs: 'https://polar.sh/docs/integrate/webhooks/delivery',
  setup: {
    steps: ['<organization>', 'Settings', 'Webhooks', 'Add Endpoint'],
    url: 'https://polar.sh/to/dashboard/settings/webhooks',
    secret: 'the secret that you set, or let Polar generate',
    docs: 'https://polar.sh/docs/integrate/webhooks/endpoints',
  },
  notSecret: [[/^polar_(?!whs_)\w+_/, 'a token for the API']],
  topics: ['order.paid', 'order.refunded', 'subscription.active', 'customer.state_changed'],
  secretHint: 'Secret of the endpoint, whole.',
  keys: ['text', 'decoded'],
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    retries: 76 * HOUR,
    givesUp: 'disabled after ten failures in a row',
    ok: '2xx',
  },
})
