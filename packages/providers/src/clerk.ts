import type { EventMap, SecretOption } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/entry.ts'

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
export function clerk<Events extends EventMap = EventMap>(options: ClerkOptions): Provider<Events> {
  return standardFamily<Events>({
    name: 'clerk',
    ...options,
    prefixes: ['svix-', 'webhook-'],
    more: { retrySpan: 28 * HOUR },
  })
}
