import { emptyReply, type EventMap, type SecretOption, textReply } from '@postern/core'
import { defineProvider, hmac, type Provider } from '@postern/core/scheme'

/** Options of {@link acme}. */
export interface AcmeOptions {
  readonly secret: SecretOption
  /** What the signature is made over: the body, or the URL, a line break and the body. @default 'body' */
  readonly signs?: 'body' | 'url'
  /** @default ['POST'] */
  readonly methods?: readonly string[]
}

/**
 * A sender that does not exist, for tests of everything but providers: `X-Acme-Signature` is `sha256=` and the HMAC in
 * hex, `X-Acme-Topic` and `X-Acme-Id` say what the body is about. Where its `methods` have HEAD, OPTIONS and GET it
 * makes unsigned challenges with them: HEAD wants 200, OPTIONS an allowance (as CloudEvents webhooks do), and GET its
 * `challenge` back.
 */
export function acme(options: AcmeOptions): Provider<EventMap> {
  const signsUrl = options.signs === 'url'
  return defineProvider({
    name: 'acme',
    methods: options.methods ?? ['POST'],
    formats: ['json', 'xml', 'form', 'bytes', ...(signsUrl ? (['query'] as const) : [])],
    codings: ['gzip'],
    auth: {
      scheme: hmac({
        header: 'X-Acme-Signature',
        prefix: 'sha256=',
        ...(signsUrl && {
          message: (delivery) => [`${delivery.url}\n`, delivery.body],
          covers: { body: 'bytes', url: true },
        }),
      }),
      secret: options.secret,
    },
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
}
