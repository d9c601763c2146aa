import { emptyReply, type Delivery, type SecretOption } from '@postern/core'
import type { MaybePromise } from '@postern/core/internal'
import { hmac, type Factory, type Greeting } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { needed, text } from './common/read.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link notion}: the token, or `onSecret`, or both. */
export interface NotionOptions {
  /**
   * The verification token of the subscription, `secret_…`. @default none, so every event is rejected until you set
   * this option
   */
  readonly verificationToken?: SecretOption
  /**
   * Called with the token of a new subscription. A person must paste this token into Notion. The reply waits for this
   * function. Anybody can send a token. So set a token as `verificationToken` only after Notion has accepted it.
   * @default none, so a delivery whose token is not `verificationToken` is rejected
   */
  readonly onSecret?: (verificationToken: string, delivery: Delivery) => MaybePromise<void>
}

/**
 * Notion. The signature is HMAC-SHA256 over the body, in `X-Notion-Signature`. The key is the verification token. The
 * first delivery is signed with the token in its own body, so this signature does not prove the sender. The topic is
 * `type` (`page.created`) and the id is `id`. The signature has no time, so only the signed id stops a replay. Notion
 * tries up to 8 times over about 24 hours.
 * https://developers.notion.com/reference/webhooks
 */
export const notion: Factory<NotionOptions> = /* @__PURE__ */ provider({
  name: 'notion',
  title: 'Notion',
  docs: 'https://developers.notion.com/reference/webhooks',
  setup: {
    steps: ['<integration>', 'Webhooks', '+ Create a subscription'],
    url: 'https://www.notion.so/developers/connections',
    secret: 'verification_token of the first request to your URL, which the receiver keeps',
  },
  notSecret: [[/^ntn_/, 'a token for the API']],
  topics: ['page.created', 'page.content_updated', 'page.deleted', 'comment.created'],
  handshakes: ['verification_token'],
  facts: {
    checked: '2026-11-28',
    delivers: {
      retries: 25 * HOUR,
      after4xx: 'retried',
      ok: '2xx',
      source: 'https://developers.notion.com/reference/webhooks-events-delivery',
    },
  },
  options: {
    verificationToken: 'Verification token of the subscription.',
    onSecret: 'Called with the token of a new subscription.',
  },
  greets: 'body',
  secret: 'verificationToken',
  covers: { body: 'bytes', id: true },
  prepare(options) {
    if (options.verificationToken === undefined && options.onSecret === undefined)
      throw new TypeError('notion: verificationToken is missing; give onSecret to receive it')
    return options
  },
  secretOf: ({ verificationToken = () => undefined }) => ['verificationToken', verificationToken],
  scheme: () => SCHEME,
  credentials: { fields: ['verification_token'] },
  greet: (delivery, { onSecret }) => onSecret && greet(delivery, onSecret),
  handshake: (_delivery, { value }) =>
    text(value, 'verification_token') === undefined ? undefined : emptyReply(),
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'type'), payload: value },
  ],
  compose: ({ topic = 'page.content_updated', id = crypto.randomUUID(), payload }) => ({
    body: sampleJson({ id, type: topic, attempt_number: 1 }, payload),
  }),
})

const SCHEME = hmac({ header: 'X-Notion-Signature', prefix: 'sha256=', anyCase: true })
const MAX_HANDSHAKE = 1024

// Handles the first delivery, which is signed with the token in its own body. So a valid signature does not prove the
// sender, but a wrong signature shows that the delivery is not from Notion.
async function greet(
  delivery: Delivery,
  onSecret: NonNullable<NotionOptions['onSecret']>,
): Promise<Greeting | undefined> {
  if (delivery.body.byteLength > MAX_HANDSHAKE) return undefined
  if (!delivery.text().includes('verification_token')) return undefined
  const secret = text(delivery.json(), 'verification_token')
  if (secret === undefined) return undefined
  await SCHEME.verify(delivery, [SCHEME.key(secret)], 0)
  return { ...emptyReply(), keep: () => onSecret(secret, delivery) }
}
