import type { WebhookEvent } from '@postern/core'
import { checkObject, checkSecret } from '@postern/core/internal'
import { standardWebhooksScheme, type Draft, type SignableRequest } from '@postern/core/scheme'
import { createHash } from 'node:crypto'

/**
 * Signs messages: any Postern provider that can sign, such as `standardWebhooks({ secret })`, or the result of
 * {@link signer}.
 */
export interface Signer {
  readonly sign?: (draft: Draft) => SignableRequest
}

/**
 * Value of the `sign` option: a signer, a function that returns one for each destination, or false for no signature.
 */
export type SignOption<Event extends WebhookEvent = WebhookEvent> =
  | Signer
  | false
  | ((destination: Destination, event: Event) => Signer | false | PromiseLike<Signer | false>)

/**
 * Creates a signer for Standard Webhooks: `v1` with `whsec_<base64>`, `v1a` with `whsk_<base64>`. With several secrets,
 * the message has one signature for each, so that a destination can switch at any time.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @throws {TypeError} if a secret is invalid.
 */
export function signer(options: {
  /** One secret, or all secrets in use. */
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

/** Destination of events, as a plain JSON value that is stored with the task. */
export interface Destination {
  /** URL that events are sent to. */
  readonly url: string
  /** Stable id, stored with tasks, so that you can change the URL later. @default the host and a digest of the URL */
  readonly id?: string
}

/** Destination as an option value. */
export type DestinationInit = string | URL | Destination

interface NamedDestination extends Destination {
  readonly id: string
}

/** Adds an id to a destination. Operators see ids. So the id does not contain the URL, which may hold a secret. */
export function named(given: DestinationInit): NamedDestination {
  const { url, id } = typeof given === 'string' || given instanceof URL ? { url: given } : given
  const text = String(url)
  return { url: text, id: id ?? `${hostIn(text)}-${digest(text)}` }
}

export function distinct(
  given: DestinationInit | readonly DestinationInit[],
): readonly NamedDestination[] {
  const list = (Array.isArray(given) ? given : [given]) as readonly DestinationInit[]
  return [...new Map(list.map((each) => named(each)).map((each) => [each.id, each])).values()]
}

function hostIn(text: string): string {
  return URL.canParse(text) ? new URL(text).hostname || 'no-host' : 'no-url'
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
