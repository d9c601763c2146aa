import type { SecretOption } from '@postern/core'
import { provider, standardWebhooksScheme, type Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/units.ts'

/** Options of {@link polar}. */
export interface PolarOptions extends StandardFamilyOptions {
  /** The secret of the endpoint as the dashboard shows it. The whole text is the key: nothing is cut off or decoded. */
  readonly secret: SecretOption
}

/**
 * Polar: Standard Webhooks but for the secret, whose text is the key. Topic is `type` (`order.paid`); id is the header
 * `webhook-id`. A redirect is a failure. Polar does not say for how long it retries; the specification's schedule ends
 * after about 76 hours.
 * https://polar.sh/docs/integrate/webhooks/delivery
 */
export const polar: Factory<PolarOptions> = /* @__PURE__ */ provider(
  /* @__PURE__ */ standardFamily({
    name: 'polar',
    title: 'Polar',
    docs: 'https://polar.sh/docs/integrate/webhooks/delivery',
    setup: {
      steps: ['<organization>', 'Settings', 'Webhooks', 'Add Endpoint'],
      url: 'https://polar.sh/to/dashboard/settings/webhooks',
      secret: 'the secret that you set, or let Polar generate',
      docs: 'https://polar.sh/docs/integrate/webhooks/endpoints',
    },
    topics: ['order.paid', 'order.refunded', 'subscription.active', 'customer.state_changed'],
    secretHint: 'Secret of the endpoint, whole.',
    key: (secret) => PLAIN.key(secret),
    retrySpan: 76 * HOUR,
  }),
)

const PLAIN = /* @__PURE__ */ standardWebhooksScheme({ raw: true })
