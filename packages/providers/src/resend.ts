import type { EventMap, SecretOption } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/entry.ts'

/** Options of {@link resend}. */
export interface ResendOptions extends StandardFamilyOptions {
  /** The signing secret of the webhook, `whsec_<base64>`. */
  readonly secret: SecretOption
}

/**
 * Resend: Standard Webhooks sent by Svix, under `svix-*` headers. Topic is `type` (`email.sent`); id is `svix-id`, the
 * same over retries. Svix wants its 2xx within 15 s and retries for about 28 hours.
 * https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests
 */
export function resend<Events extends EventMap = EventMap>(
  options: ResendOptions,
): Provider<Events> {
  return standardFamily<Events>({
    name: 'resend',
    ...options,
    prefixes: ['svix-', 'webhook-'],
    more: { retrySpan: 28 * HOUR },
  })
}
