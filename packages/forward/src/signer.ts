import type { WebhookEvent } from '@postern/core'
import { checkObject, checkSecret } from '@postern/core/internal'
import { standardWebhooksScheme, type Draft, type SignableRequest } from '@postern/core/scheme'
import { createHash } from 'node:crypto'

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

/** A target of events. A plain JSON value: it is stored with the task. */
export interface Destination {
  /** The URL. */
  readonly url: string
  /** Its name: tasks are stored under it, so that the URL may change. @default the host and a digest of the URL */
  readonly id?: string
}

/** A destination as the user gives it. */
export type DestinationInit = string | URL | Destination

/** A destination with the name its tasks have. */
interface NamedDestination extends Destination {
  readonly id: string
}

/** Names a destination. The URL is kept out of the name, since it may hold a secret and names are shown to operators. */
export function named(given: DestinationInit): NamedDestination {
  const { url, id } = typeof given === 'string' || given instanceof URL ? { url: given } : given
  const text = String(url)
  return { url: text, id: id ?? `${hostIn(text)}-${digest(text)}` }
}

/** The destinations, each once. */
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
