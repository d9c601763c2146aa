import type { SecretOption } from '@postern/core'
import { standardWebhooksId } from '@postern/core/internal'
import { standardWebhooksScheme, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { SVIX_DELIVERS, composeMessage } from './schemes/standard-family.ts'
import { member } from './common/read.ts'

/** Options of {@link svix}. */
export interface SvixOptions {
  /** The endpoint's signing secret, `whsec_<base64>`, or `whpk_<base64>` if the endpoint signs with Ed25519. */
  readonly secret: SecretOption
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
  /** Member of the body with the topic, as a path with dots. @default type, event_type or eventType */
  readonly topicField?: string
}

/**
 * Any sender that uses Svix: Standard Webhooks with `svix-*` headers, or with the unbranded `webhook-*` headers. All
 * headers must be of one kind: `svix-*` is used first, and a mix of both is rejected. The id is `svix-id`. The topic is
 * the body's `type`, `event_type` or `eventType`; without one, the text `message`. Svix expects a 2xx within 15 s,
 * retries for about 28 hours, and counts a redirect as a failure.
 * https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export const svix: Factory<SvixOptions> = /* @__PURE__ */ provider({
  name: 'svix',
  title: 'Svix',
  docs: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
  setup: {
    steps: ['App Portal', 'Add Endpoint'],
    secret: "the signing secret of the endpoint, in the sender's App Portal: whsec_…",
    docs: 'https://docs.svix.com/receiving/using-app-portal/adding-endpoints',
  },
  notSecret: [
    [/^(?:test)?sk_/, 'a key for the API'],
    [/^(?:app|ep)_/, 'an id'],
  ],
  topics: ['invoice.paid'],
  facts: {
    example: { secret: 'whsec_YW4gZXhhbXBsZSBzZWNyZXQ=' },
    checked: '2026-11-28',
    delivers: SVIX_DELIVERS,
  },
  options: {
    secret: 'whsec_… (symmetric) or whpk_… (Ed25519).',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    topicField: 'Member of the body that is the topic. Default type, event_type or eventType.',
  },
  claims: 'svix-id',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: (options) => standardWebhooksScheme({ prefixes: PREFIXES, tolerance: options.tolerance }),
  events: (delivery, { value }, { topicField }) => [
    {
      id: standardWebhooksId(delivery, PREFIXES),
      topic: topicOf(value, topicField === undefined ? TOPICS : [topicField]),
      payload: value,
    },
  ],
  compose: (draft, { topicField }) => composeMessage(draft, 'svix-id', topicField),
})

const PREFIXES = ['svix-', 'webhook-']
const TOPICS = ['type', 'event_type', 'eventType']

function topicOf(value: unknown, paths: readonly string[]): string {
  return paths.map((path) => member(value, path)).find((topic) => topic !== undefined) ?? 'message'
}
