import { emptyReply, type SecretOption, textReply } from '@postern/core'
import { hmac, provider, type Factory } from '@postern/core/scheme'

/** Options of {@link acme}. */
export interface AcmeOptions {
  /** Secret with which deliveries are signed. */
  readonly secret: SecretOption
  /** The signed text. `body`: the body. `url`: the URL, a line break and the body. @default 'body' */
  readonly signs?: 'body' | 'url'
  /** Accepted HTTP methods. @default ['POST'] */
  readonly methods?: readonly string[]
}

/**
 * Creates a provider of a made-up sender, for tests that are not about a provider. `X-Acme-Signature` is `sha256=` and
 * the HMAC in hex. `X-Acme-Topic` and `X-Acme-Id` contain topic and id. If `methods` has HEAD, OPTIONS or GET, such a
 * request is an unsigned challenge. HEAD gets 200. OPTIONS gets a reply that allows the sender, as in CloudEvents
 * webhooks. The reply to GET echoes the query parameter `challenge`.
 */
export const acme: Factory<AcmeOptions> = /* @__PURE__ */ provider({
  name: 'acme',
  options: {
    secret: 'The shared secret.',
    signs: 'The signed text: body or url. Default body.',
    methods: 'Methods that are accepted. Default POST.',
  },
  codings: { gzip: 'sent' },
  more: ({ methods = ['POST'], signs }) => ({
    methods,
    formats: ['json', 'xml', 'form', 'bytes', ...(signs === 'url' ? (['query'] as const) : [])],
  }),
  scheme: ({ signs }) =>
    hmac({
      header: 'X-Acme-Signature',
      prefix: 'sha256=',
      ...(signs === 'url' && {
        message: '{url}\n{body}',
        covers: { body: 'bytes', url: true },
      }),
    }),
  events: (delivery, body) => [
    {
      id: delivery.header('x-acme-id'),
      topic: delivery.header('x-acme-topic') ?? '',
      payload: body.value,
    },
  ],
  greet(delivery) {
    if (delivery.method === 'HEAD') return emptyReply()
    if (delivery.method === 'OPTIONS')
      return { status: 200, headers: { 'webhook-allowed-origin': '*' } }
    const challenge = delivery.method === 'GET' ? delivery.query().get('challenge') : null
    return challenge === null ? undefined : textReply(challenge)
  },
  compose: (draft) => ({
    headers: {
      'x-acme-topic': draft.topic ?? 'thing.happened',
      ...(draft.id !== undefined && { 'x-acme-id': draft.id }),
    },
  }),
})
