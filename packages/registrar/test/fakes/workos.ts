// WorkOS's events, as described at https://workos.com/docs/reference/events/list.
import { startFake, type Fake } from './fake.ts'
import { bearer, described, number, object, oneOf, string, strings } from './schema.ts'
import { pageOf } from './rows.ts'

export const WORKOS_KEY = 'sk_test_fake0123456789fake0123456789'

export interface WorkosEvent {
  readonly id: string
  readonly event: string
  readonly created_at: string
}

/** Starts the fake with these events, newest first. */
export async function startWorkos(events: readonly WorkosEvent[]): Promise<Fake> {
  return startFake({
    ...described('npm @workos-inc/node 8.13.0, SerializedListEventOptions', 'MIT', {
      'GET /events': {
        query: object({
          events: strings,
          'range_start?': string,
          'range_end?': string,
          'limit?': { ...number, maximum: 100 },
          'after?': string,
          'organization_id?': string,
          'order?': oneOf('asc', 'desc'),
        }),
        answer: ({ query }) => {
          const found = events.filter(
            (each) =>
              query['events'].includes(each.event) &&
              each.created_at >= query['range_start'] &&
              each.created_at <= query['range_end'],
          )
          const page = pageOf(found, Number(query['limit'] ?? 10), query['after'], ({ id }) => id)
          const data = page.data.map((each) => ({
            ...each,
            object: 'event',
            data: { id: `user_${each.id}` },
          }))
          const last = page.more ? data.at(-1)?.id : null
          return { json: { object: 'list', data, list_metadata: { before: null, after: last } } }
        },
      },
    }),
    reject: bearer(WORKOS_KEY, { message: 'Unauthorized' }),
    invalid: (message) => ({ status: 422, json: { message } }),
  })
}
