import { polarClient, polarPages } from '../clients/polar.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { attemptsSource } from '../common/paging.ts'
import { asText, memberIn, row, time } from '../common/read.ts'
import type { RedeliverySource } from '../source.ts'

/** Options of {@link polarRedelivery}. */
export interface PolarRedeliveryOptions extends ApiOptions {
  /** An organization access token that may read and write webhooks. */
  readonly token: Token
  /** The endpoint's id. @default every endpoint */
  readonly endpoint?: string
}

/**
 * Lists deliveries at Polar, and asks Polar to send them again, signed and with the same `webhook-id`. All attempts of
 * an event are one entry. Archived events are left out, because Polar has removed their payloads.
 *
 * API: https://polar.sh/docs/api-reference/webhooks/events/redeliver, and the types in the npm package `@polar-sh/sdk`.
 *
 * @example
 * const source = polarRedelivery({ token: process.env.POLAR_TOKEN! })
 */
export function polarRedelivery(options: PolarRedeliveryOptions): RedeliverySource {
  const { endpoint } = options
  const call = polarClient('polarRedelivery', options)
  return attemptsSource({
    provider: 'polar',
    account: endpoint === undefined ? 'organization' : `endpoint ${endpoint}`,
    page: (cursor, { since, until, undelivered }) =>
      polarPages(call, '/v1/webhooks/deliveries', {
        start_timestamp: new Date(since).toISOString(),
        end_timestamp: new Date(until).toISOString(),
        endpoint_id: endpoint,
        ...(undelivered && { succeeded: 'false' }),
      })(cursor),
    event(item) {
      const event = row(item['webhook_event'])
      const id = asText(event['id'])
      const undelivered = event['succeeded'] !== true
      return {
        id,
        topic: asText(event['type']),
        at: time(item['created_at']),
        undelivered,
        ref: id,
      }
    },
    isGone: (item) => memberIn(item, 'webhook_event.is_archived') === true,
    async redeliver({ ref }) {
      await call('POST', `/v1/webhooks/events/${ref}/redeliver`)
    },
  })
}
