import { type EventMap, type SecretOption } from '@postern/core'
import { standardWebhooksScheme, type Provider } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/entry.ts'

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
export function polar<Events extends EventMap = EventMap>(options: PolarOptions): Provider<Events> {
  return standardFamily<Events>({
    name: 'polar',
    ...options,
    key: (secret) => SCHEME.key(secret),
    more: { retrySpan: 76 * HOUR },
  })
}

const SCHEME = standardWebhooksScheme({ raw: true })
