import { Buffer } from 'node:buffer'
import {
  emptyReply,
  isWebhookError,
  type Delivery,
  type EventMap,
  type SecretOption,
} from '@postern/core'
import {
  defineProvider,
  hmac,
  stringifyJson,
  type Provider,
  type Scheme,
} from '@postern/core/scheme'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link trello}. `publicUrl` is the callback URL as it was registered, query and last slash included. */
export interface TrelloOptions extends PublicUrlOption {
  /** The application's (OAuth) secret, not a token. */
  readonly secret: SecretOption
}

export const RETRY_SPAN: number = 210_000

/**
 * Trello. HMAC-SHA1 over the body and the callback URL. Trello signs the low byte of each UTF-16 unit, so a character
 * above U+00FF can be changed into another with the same low byte: read such text as unsigned. UTF-8 bytes are taken too.
 * Topic is the type of the action (`updateCard`), id the action's. The unsigned HEAD at creation gets its 200. Trello
 * retries after 30, 60 and 120 s.
 * https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
 */
export function trello<Events extends EventMap = EventMap>(
  options: TrelloOptions,
): Provider<Events> {
  checkPublicUrl('trello', options)
  return defineProvider<Events, Uint8Array>({
    name: 'trello',
    methods: ['POST', 'HEAD'],
    auth: { scheme: signature(options), secret: options.secret },
    retrySpan: RETRY_SPAN,
    failsOnRedirect: true,
    greet: ({ method }) => (method === 'HEAD' ? emptyReply() : undefined),
    events: (_delivery, { value }) => {
      const action = field(value, 'action')
      return [{ id: text(action, 'id'), topic: needed(action, 'type'), payload: value }]
    },
    compose: ({ topic = 'updateCard', id = crypto.randomUUID(), payload }) => ({
      body: stringifyJson({ action: { id, type: topic }, model: {}, ...(payload as object) }),
    }),
  })
}

function signature(options: PublicUrlOption): Scheme<Uint8Array> {
  const common = { header: 'X-Trello-Webhook', algorithm: 'sha1', encoding: 'base64' } as const
  const url = (delivery: Delivery): string => signedUrl(delivery, options)
  const utf8 = hmac({ ...common, message: (delivery) => [delivery.body, url(delivery)] })
  const binary = hmac({
    ...common,
    covers: { body: 'fields', url: options.publicUrl === undefined, id: true },
    // Node's "binary" keeps the low byte of each unit.
    message: (delivery) =>
      Buffer.from(Buffer.from(delivery.body).toString('utf8') + url(delivery), 'latin1'),
  })
  return {
    ...binary,
    verify(delivery, keys, now) {
      try {
        return binary.verify(delivery, keys, now)
      } catch (error) {
        if (isWebhookError(error) && error.code !== 'signature_mismatch') throw error
        return utf8.verify(delivery, keys, now)
      }
    },
  }
}
