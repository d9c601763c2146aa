import { randomBytes, randomUUID } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { standardWebhooksScheme, type SignableRequest } from '@postern/core/scheme'
import type { ReceiverSender } from './mounting.ts'

/** A sender that keeps to Standard Webhooks 1.0.0. */
export function standardSender(secret: string): ReceiverSender {
  const scheme = standardWebhooksScheme()
  return {
    covers: scheme.covers,
    sign({ id = randomUUID(), topic, payload, body, url = '', headers, at = Date.now(), ...rest }) {
      const text = body ?? JSON.stringify({ type: topic, ...(payload as object) })
      return scheme.sign!(
        {
          method: rest.method ?? 'POST',
          url,
          headers: { 'content-type': 'application/json', ...headers, 'webhook-id': id },
          body: Buffer.from(text),
        },
        scheme.key(rest.secret ?? secret),
        at,
      )
    },
  }
}

/** A new secret of Standard Webhooks. */
export function standardSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Names of the headers that depend on the secret: they hold the signature. */
export function signatureHeaders(
  sender: ReceiverSender,
  makeSecret: () => string,
): readonly string[] {
  const draft = { id: 'probe', topic: 'thing.updated', payload: {}, at: Date.now() }
  const [one, other] = [makeSecret(), makeSecret()].map(
    (secret) => sender.sign!({ ...draft, secret }).headers,
  )
  return Object.keys(one!).filter((name) => one![name] !== other![name])
}

/** The same delivery with another body, under the signature of the old one. */
export function withBody(request: SignableRequest, body: string): SignableRequest {
  return { ...request, body: Buffer.from(body) }
}

/** The text of a delivery's body. */
export function bodyText({ body }: SignableRequest): string {
  return Buffer.from(body).toString()
}
