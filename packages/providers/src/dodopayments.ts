import type { EventMap, SecretOption } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/entry.ts'

/** Options of {@link dodopayments}. */
export interface DodopaymentsOptions extends StandardFamilyOptions {
  /** The secret key of the webhook, `whsec_<base64>`. */
  readonly secret: SecretOption
}

/**
 * Dodo Payments: Standard Webhooks as they stand. Topic is `type` (`payment.succeeded`); id is the header `webhook-id`,
 * the same over retries. Dodo does not say for how long it retries; the specification's schedule ends after about 76
 * hours.
 * https://docs.dodopayments.com/developer-resources/webhooks
 */
export function dodopayments<Events extends EventMap = EventMap>(
  options: DodopaymentsOptions,
): Provider<Events> {
  return standardFamily<Events>({
    name: 'dodopayments',
    ...options,
    more: { retrySpan: 76 * HOUR },
  })
}
