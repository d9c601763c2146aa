import type { SecretOption } from '@postern/core'
import { standardWebhooksId } from '@postern/core/internal'
import { standardWebhooksScheme, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { member } from './common/read.ts'
import { composeMessage } from './schemes/standard-family.ts'

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions {
  /** `whsec_<base64>` for `v1` (HMAC-SHA256), or `whpk_<base64>` for `v1a` (Ed25519). You can give both kinds. */
  readonly secret: SecretOption
  /**
   * If true, the bytes of the secret's text are the key. Set this option for senders whose secrets are not base64.
   * @default false
   */
  readonly raw?: boolean
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
  /** Member of the JSON body with the topic, as a path with dots. @default 'type' */
  readonly topicField?: string
}

/**
 * Any sender that follows Standard Webhooks 1.0.0: `v1` and `v1a` over `id.time.body`. A delivery may have several
 * signatures, of which one must match. The id is `webhook-id`, which stays the same over retries. As the specification
 * recommends, the topic is the JSON body's `type`. Without a `type`, the topic is `message`. The recommended schedule
 * retries for about 76 hours and counts a redirect as a failure.
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
