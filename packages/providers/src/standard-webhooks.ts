import type { SecretOption } from '@postern/core'
import { standardWebhooksId } from '@postern/core/internal'
import { standardWebhooksScheme, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { member } from './common/read.ts'
import { composeMessage } from './schemes/standard-family.ts'

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions {
  /** `whsec_<base64>` for `v1` (HMAC-SHA256), `whpk_<base64>` for `v1a` (Ed25519); both kinds may be in force. */
  readonly secret: SecretOption
  /** Uses the bytes of the secret string as the key, for senders that use the headers with a key that is not base64. @default false */
  readonly raw?: boolean
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /** Member of the JSON body that is the topic; dots lead into objects. @default 'type' */
  readonly topicField?: string
}

/**
 * Any sender that keeps to Standard Webhooks 1.0.0: `v1` and `v1a` over `id.time.body`, any of several signatures.
 * Id is `webhook-id`, the same over retries. Topic is `type` of the JSON body, as the specification recommends, or
 * `message` if there is none. The recommended schedule retries for about 76 hours; a redirect is a failure.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks: Factory<StandardWebhooksOptions> = /* @__PURE__ */ provider({
  name: 'standard-webhooks',
  title: 'Standard Webhooks',
  docs: 'https://www.standardwebhooks.com',
  setup: {
    place: 'the webhook settings of the sender',
    secret: 'shown by the sender with the endpoint: whsec_… or whpk_…',
  },
  topics: ['invoice.paid'],
  facts: {
    scheme: 'HMAC-SHA256 or Ed25519 of {id}.{time}.{body}, base64',
    example: { secret: 'whsec_YW4gZXhhbXBsZSBzZWNyZXQ=' },
    checked: '2026-11-26',
    delivers: { retries: 76 * HOUR, redirect: 'failure', ok: '2xx' },
  },
  options: {
    secret: 'whsec_… (symmetric) or whpk_… (Ed25519).',
    raw: 'Uses the text of the secret as the key. Default false.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    topicField: 'Member of the body that is the topic. Default type.',
  },
  formats: ['json', 'text'],
  claims: 'webhook-id',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: ({ raw, tolerance }) =>
    standardWebhooksScheme({ tolerance, ...(raw === true && { keys: ['text'] }) }),
  events: (delivery, { value }, { topicField = 'type' }) => [
    {
      id: standardWebhooksId(delivery),
      topic: member(value, topicField) ?? 'message',
      payload: value,
    },
  ],
  compose: (draft, { topicField }) => composeMessage(draft, 'webhook-id', topicField),
})
