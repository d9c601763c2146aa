import { oneSecret } from './schemes/http-auth.ts'
import type { Delivery, SecretOption } from '@postern/core'
import type { Factory, ParsedBody } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import {
  httpMessageSignatures,
  type HttpMessageSignaturesOptions,
  coversField,
} from './schemes/http-signature/http-message-signatures.ts'

/** Options of {@link rfc9421}: `secret` or `publicKey`, and what the sender's signatures must contain. */
export interface Rfc9421Options extends Omit<
  HttpMessageSignaturesOptions,
  'checkTimes' | 'target' | 'base64url'
> {
  /** The shared secret, if `alg` is `hmac-sha256`. */
  readonly secret?: SecretOption
  /** The sender's public key as PEM, for the other algorithms. */
  readonly publicKey?: SecretOption
  /** Returns the topic of a delivery. @default always 'message' */
  readonly topic?: (delivery: Delivery, body: ParsedBody) => string
  /** Returns the id of a delivery. Read the id from a part that the signature covers. @default none */
  readonly id?: (delivery: Delivery, body: ParsedBody) => string | undefined
}

/**
 * HTTP Message Signatures (RFC 9421) from any sender. The receiver checks `Content-Digest` against the body. A
 * signature that does not cover the required components is rejected, because an attacker could change the rest. Your
 * own functions read the topic and the id. Needs the package structured-headers.
 * https://www.rfc-editor.org/rfc/rfc9421
 *
 * @example rfc9421({ publicKey, alg: 'ed25519', topic: (d, body) => body.value.type, id: (d) => d.header('idempotency-key') })
 */
export const rfc9421: Factory<Rfc9421Options> = /* @__PURE__ */ provider({
  name: 'rfc9421',
  title: 'HTTP Message Signatures (RFC 9421)',
  docs: 'https://www.rfc-editor.org/rfc/rfc9421',
  setup: {
    place: 'the webhook settings of the sender',
    secret: "the key that you and the sender agree on, or the sender's public key",
  },
  topics: ['message'],
  facts: {
    scheme: 'RFC 9421 HTTP message signature',
    place: { header: 'Signature' },
    tolerance: 300,
    example: { secret: 'an-example-secret' },
    checked: '2026-11-26',
    delivers: {},
  },
  options: {
    secret: 'The shared secret, where alg is hmac-sha256.',
    publicKey: "The sender's public key as PEM, for the other algorithms.",
    alg: "Algorithm of the keys. Default 'hmac-sha256'.",
    keyId: 'The keyid that counts. Default any.',
    keyEncoding: "How a shared secret is written: 'utf8', 'hex' or 'base64'. Default 'utf8'.",
    label: 'The label of the signature that counts. Default the only one.',
    tag: 'The tag a signature must have. Default any.',
    requiredComponents:
      "Components that the signature must cover. Default '@method', '@target-uri', 'content-digest'.",
    requiredParameters: "Parameters that the signature must have. Default 'created'.",
    tolerance: 'Seconds created may be away from now. Default 300.',
    topic: "A function that gives the topic. Default 'message'.",
    id: 'A function that gives the id. Default none.',
  },
  formats: ['json', 'form', 'xml', 'multipart', 'text', 'bytes', 'query'],
  covers: { body: 'bytes', url: true, timestamp: true },
  methods: ['POST', 'GET', 'PUT'],
  secretOf: (options) => secretOf(options),
  scheme: (options) => httpMessageSignatures(options),
  labelled: (delivery, options) => coversField(delivery, options, 'content-type'),
  events: (delivery, body, { topic, id }) => [
    { id: id?.(delivery, body), topic: topic?.(delivery, body) ?? 'message', payload: body.value },
  ],
})

function secretOf(options: Rfc9421Options): readonly [string, SecretOption | undefined] {
  const { alg = 'hmac-sha256' } = options
  const [option, value] = oneSecret('rfc9421', options, ['secret', 'publicKey'])
  if (value !== undefined && (alg === 'hmac-sha256') !== (option === 'secret'))
    throw new TypeError(`rfc9421: ${option} cannot be used with alg ${alg}`)
  return [option, value]
}
