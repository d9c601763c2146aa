import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, type ParsedBody, type Provider } from '@postern/core/scheme'
import {
  httpMessageSignatures,
  type HttpMessageSignaturesOptions,
} from './schemes/http-message-signatures.ts'
import type { HttpSignatureKeys } from './schemes/http-signature-keys.ts'

/** Options of {@link rfc9421}: one of `secret` and `publicKey`, and what the sender's profile says. */
export interface Rfc9421Options extends Omit<
  HttpMessageSignaturesOptions,
  'checkTimes' | 'target' | 'base64url'
> {
  /** The shared secret, where `alg` is `hmac-sha256`. */
  readonly secret?: SecretOption
  /** The sender's public key as PEM, for the other algorithms. */
  readonly publicKey?: SecretOption
  /** Gives the topic of a delivery. @default 'message' for each */
  readonly topic?: (delivery: Delivery, body: ParsedBody) => string
  /** Gives the id of a delivery, which should be something the signature covers. @default none */
  readonly id?: (delivery: Delivery, body: ParsedBody) => string | undefined
}

/**
 * HTTP Message Signatures (RFC 9421) from any sender. `Content-Digest` is computed again, and a least set of covered
 * components is demanded: a signature over less proves little. Topic and id are what the sender's profile says: give
 * functions. Needs the package structured-headers.
 * https://www.rfc-editor.org/rfc/rfc9421
 *
 * @example rfc9421({ publicKey, alg: 'ed25519', topic: (d, body) => body.value.type, id: (d) => d.header('idempotency-key') })
 */
export function rfc9421<Events extends EventMap = EventMap>(
  options: Rfc9421Options,
): Provider<Events> {
  const { secret, publicKey, topic = () => 'message', id = () => undefined } = options
  if (secret !== undefined && publicKey !== undefined)
    throw new TypeError('rfc9421: give secret or publicKey, not both')
  const option = publicKey === undefined ? 'secret' : 'publicKey'
  const { alg = 'hmac-sha256' } = options
  if ((alg === 'hmac-sha256') !== (option === 'secret'))
    throw new TypeError(`rfc9421: ${option} does not go with alg ${alg}`)
  return defineProvider<Events, HttpSignatureKeys>({
    name: 'rfc9421',
    methods: ['POST', 'GET', 'PUT'],
    auth: { scheme: httpMessageSignatures(options), secret: (secret ?? publicKey)!, option },
    events: (delivery, body) => [
      { id: id(delivery, body), topic: topic(delivery, body), payload: body.value },
    ],
  })
}
