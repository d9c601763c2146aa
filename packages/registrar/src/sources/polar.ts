import type { ApiOptions, Token } from '../common/options.ts'
import { boundsOf, createCounting, finite } from '../common/paging.ts'
import { polarClient } from '../clients/polar.ts'
import { row, rows, asText, time } from '../common/read.ts'
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
 * API: https://polar.sh/docs/api-reference/webhooks/events/redeliver, with the types of npm
 * @polar-sh/sdk.
 *
 * @example
 * const source = polarRedelivery({ token: process.env.POLAR_TOKEN! })
 */
export function polarRedelivery(options: PolarRedeliveryOptions): RedeliverySource {
  const { endpoint } = options
  const call = polarClient('polarRedelivery', options)
  return {
    kind: 'redelivery',
    provider: 'polar',
    account: endpoint === undefined ? 'organization' : `endpoint ${endpoint}`,
    async *list(range) {
      const { since, until, undelivered } = boundsOf(range)
      const query = {
        start_timestamp: new Date(since).toISOString(),
        end_timestamp: new Date(until).toISOString(),
        ...(endpoint !== undefined && { endpoint_id: endpoint }),
        ...(undelivered && { succeeded: 'false' }),
      }
      const seen = new Set<string>()
      const limit = range.limit ?? 10_000
      const goesOn = createCounting()
      for (let page = 1; ; page++) {
        const { json } = await call('GET', '/v1/webhooks/deliveries', {
          query: { ...query, page, limit: 100 },
        })
        const items = rows(row(json)['items'], 'Polar')
        for (const item of items) {
          const event = row(item['webhook_event'])
          const id = asText(event['id'])
          if (seen.has(id) || event['is_archived'] === true) continue
          if (seen.size >= limit) return true
          seen.add(id)
          const delivered = event['succeeded'] === true
          if (undelivered && delivered) continue
          const at = finite(time(item['created_at']), 'Polar', id)
          yield { id, topic: asText(event['type']), at, undelivered: !delivered, ref: id }
        }
        if (!(page < Number(row(row(json)['pagination'])['max_page']))) return false
        if (!goesOn(items.map((item) => asText(item['id'])))) return 'endless'
      }
    },
    async redeliver({ ref }) {
      await call('POST', `/v1/webhooks/events/${ref}/redeliver`)
    },
  }
}
