import { checkUrl, type ApiOptions, type Token } from '../common/options.ts'
import { pagedSource } from '../common/paging.ts'
import { row, rows, asText, time } from '../common/read.ts'
import { squareClient } from '../clients/square.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link squareEvents}. */
export interface SquareEventsOptions extends ApiOptions {
  /** The application's personal access token. */
  readonly token: Token
  /** The URL of the subscription. */
  readonly url: string
}

/**
 * Lists events of the last 28 days at Square, with payloads and the `event_id` of their webhooks. Turn the Events API
 * on for the application (`EnableEvents`). The list does not say which events were delivered.
 *
 * API: https://developer.squareup.com/reference/square/events-api/search-events
 *
 * @example
 * const source = squareEvents({ token: process.env.SQUARE_TOKEN!, url: 'https://app.example/square' })
 */
export function squareEvents(options: SquareEventsOptions): PayloadSource {
  const call = squareClient('squareEvents', options)
  checkUrl('squareEvents: url', options.url)

  return pagedSource({
    provider: 'square',
    account: 'application',
    async page(cursor, { since, until }) {
      const created_at = {
        start_at: new Date(since).toISOString(),
        end_at: new Date(until).toISOString(),
      }
      const query = { filter: { created_at }, sort: { field: 'DEFAULT', order: 'DESC' } }
      const json = { limit: 100, query, ...(cursor !== undefined && { cursor }) }
      const answer = await call('POST', '/v2/events', { json, repeatable: true })
      const items = rows(row(answer.json)['events'] ?? [], 'Square')
      return { items, next: asText(row(answer.json)['cursor']) || undefined }
    },
    event: (item) => ({
      id: asText(item['event_id']),
      topic: asText(item['type']),
      at: time(item['created_at']),
      undelivered: undefined,
    }),
    url: options.url,
  })
}
