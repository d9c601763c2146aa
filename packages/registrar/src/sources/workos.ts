import { senderCall } from '../common/client.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { pagedSource } from '../common/paging.ts'
import { asText, time } from '../common/read.ts'
import { pagesOf } from '../common/rest.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link workosEvents}. */
export interface WorkosEventsOptions extends ApiOptions {
  /** The API key of the environment, `sk_…`. */
  readonly key: Token
  /** Names of the events to list. WorkOS requires at least one. */
  readonly events: readonly string[]
}

/**
 * Lists events at WorkOS, with payloads and the `id` of their webhooks. WorkOS does not say which events were
 * delivered.
 *
 * API: https://workos.com/docs/reference/events/list, and the types in the npm package `@workos-inc/node`.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const source = workosEvents({ key: process.env.WORKOS_API_KEY!, events: ['dsync.user.created'] })
 */
export function workosEvents(options: WorkosEventsOptions): PayloadSource {
  const { events } = options
  const call = senderCall('workosEvents', options, {
    title: 'WorkOS',
    api: 'https://api.workos.com',
  })
  if (!Array.isArray(events) || events.length === 0)
    throw new TypeError(
      'workosEvents: events: must name at least one event, since WorkOS lists only the named events',
    )

  return pagedSource({
    provider: 'workos',
    account: 'environment',
    page: (cursor, { since, until }) =>
      pagesOf(call, 'WorkOS', '/events', {
        rows: 'data',
        query: {
          'events[]': events,
          range_start: new Date(since).toISOString(),
          range_end: new Date(until).toISOString(),
          order: 'desc',
          limit: 100,
        },
        next: ['after', 'list_metadata.after'],
      })(cursor),
    event: (item) => ({
      id: asText(item['id']),
      topic: asText(item['event']),
      at: time(item['created_at']),
      undelivered: undefined,
    }),
  })
}
