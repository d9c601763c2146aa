import { type EventMap, type SecretOption } from '@postern/core'
import { standardWebhooksScheme, type Provider } from '@postern/core/scheme'
import { standardFamily, type StandardFamilyOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/entry.ts'

/** Options of {@link openai}. */
export interface OpenaiOptions extends StandardFamilyOptions {
  /** The signing secret of the endpoint, `whsec_<base64>`; one without `whsec_` is the key itself, as in OpenAI's SDK. */
  readonly secret: SecretOption
}

/**
 * OpenAI: Standard Webhooks. Topic is `type` (`response.completed`); id is the header `webhook-id` (`wh_…`), the same
 * over retries; `id` of the body (`evt_…`) is the event's own. A signature without `v1,` counts as one, as in OpenAI's
 * SDK. OpenAI wants its 2xx within seconds and retries for up to 72 hours.
 * https://platform.openai.com/docs/guides/webhooks
 */
export function openai<Events extends EventMap = EventMap>(
  options: OpenaiOptions,
): Provider<Events> {
  return standardFamily<Events>({
    name: 'openai',
    ...options,
    key: (secret) => (secret.startsWith('whsec_') ? ENCODED.key(secret) : PLAIN.key(secret)),
    signatures: (list) => list.replace(/(?<=^| )(?=[^, ]+(?: |$))/g, 'v1,'),
    more: { retrySpan: 72 * HOUR },
  })
}

const ENCODED = standardWebhooksScheme()
const PLAIN = standardWebhooksScheme({ raw: true })
