import { type WebhookEvent } from '@postern/core'
import {
  checkObject,
  checkSecret,
  standardWebhooksScheme,
  type Draft,
  type SignableRequest,
} from '@postern/core/scheme'
import type { Destination } from './destination.ts'

/** Signs messages: any provider of Postern that can sign, such as `standardWebhooks({ secret })`, or a {@link signer}. */
export interface Signer {
  readonly sign?: (draft: Draft) => SignableRequest
}

/** The `sign` option: a signer, one for each destination, or false for no signature. */
export type SignOption<Event extends WebhookEvent = WebhookEvent> =
  | Signer
  | false
  | ((destination: Destination, event: Event) => Signer | false | PromiseLike<Signer | false>)

/**
 * Signs as Standard Webhooks has it: `v1` with `whsec_<base64>`, `v1a` with `whsk_<base64>`; with several secrets, one
 * signature for each, so that a destination may change its own at any time. Throws a `TypeError` for an invalid
 * secret.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signer(options: {
  /** One secret, or all that are in force. */
  readonly secret: string | readonly string[]
}): Signer {
  checkObject('signer: options', options)
  const scheme = standardWebhooksScheme()
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret
  if (!Array.isArray(secrets) || secrets.length === 0)
    throw new TypeError('signer: secret must be a string or a list of strings, and not empty')
  const keys = secrets.map((secret) => {
    checkSecret('signer: secret', secret)
    const key = scheme.key(secret)
    if (key.version === 'v1a' && !key.key.privateKey)
      throw new TypeError(
        'signer: secret: a whpk_ key is public and cannot sign: give the whsk_ key',
      )
    return key
  })
  return {
    sign: ({ method = 'POST', url = '', headers = {}, body = '', at = Date.now() }) =>
      scheme.signAll!({ method, url, headers, body: Buffer.from(body) }, keys, at),
  }
}
