// Square's webhook subscriptions and events, as described at https://developer.squareup.com/reference/square.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { pageOf, rowsOf } from './rows.ts'
import { bearer, boolean, described, number, object, oneOf, string, strings } from './schema.ts'

export const SQUARE_TOKEN = 'EAAAfake0123456789fake0123456789'

export interface SquareEvent {
  readonly event_id: string
  readonly type: string
  readonly created_at: string
  readonly merchant_id: string
}

export interface SquareState {
  /** Events, newest first. */
  events?: SquareEvent[]
}

const subscription = object({
  'id?': string,
  'name?': string,
  'enabled?': boolean,
  'event_types?': strings,
  'notification_url?': { type: 'string', pattern: '^https://' },
  'api_version?': string,
})
const page = { 'cursor?': string, 'limit?': number }
const range = object({ 'start_at?': string, 'end_at?': string })

export async function startSquare(
  state: SquareState = {},
): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const error = (status: number, code: string, detail: string): FakeAnswer => ({
    status,
    json: { errors: [{ category: 'INVALID_REQUEST_ERROR', code, detail }] },
  })
  const { rows, one, removed, ...subscriptions } = rowsOf(
    error(404, 'NOT_FOUND', 'no such subscription'),
  )
  const add = (given: object): Record<string, any> => {
    const id = `wbhk_${next++}`
    const signature_key = `key_${id}_0123456789`
    const usual = { api_version: '2026-09-16', enabled: true }
    return subscriptions.add({ ...usual, ...given, id, signature_key })
  }
  add({
    name: 'theirs',
    notification_url: 'https://stranger.example/hooks',
    event_types: ['payment.created'],
  })
  const base = '/v2/webhooks/subscriptions'
  const unauthorized = {
    errors: [{ code: 'UNAUTHORIZED', detail: 'This request could not be authorized.' }],
  }
  const fake = await startFake({
    ...described('npm square 46.0.0, api/types and serialization/types', 'MIT', {
      [`GET ${base}`]: {
        query: object({
          ...page,
          'include_disabled?': boolean,
          'sort_order?': oneOf('ASC', 'DESC'),
        }),
        answer: ({ query }) => {
          const found = rows.filter(
            (each) => each['enabled'] || query['include_disabled'] === 'true',
          )
          return paged('subscriptions', found, query)
        },
      },
      [`POST ${base}`]: {
        body: object({ 'idempotency_key?': { type: 'string', maxLength: 45 }, subscription }),
        answer: ({ body }) => {
          const { notification_url: url, event_types: events } = body.subscription
          if (!url || !events)
            return error(400, 'MISSING_REQUIRED_PARAMETER', 'notification_url and event_types')
          return { json: { subscription: add(body.subscription) } }
        },
      },
      [`GET ${base}/{id}`]: one((found) => ({ json: { subscription: found } })),
      [`PUT ${base}/{id}`]: {
        body: object({ 'subscription?': subscription }),
        answer: one((found, { body }) => ({
          json: { subscription: Object.assign(found, body.subscription) },
        })),
      },
      [`DELETE ${base}/{id}`]: removed(() => ({ json: {} })),
      [`POST ${base}/{id}/signature-key`]: {
        body: object({ 'idempotency_key?': string }),
        answer: one((found) => {
          found.signature_key += '_new'
          return { json: { signature_key: found.signature_key } }
        }),
      },
      'POST /v2/events': {
        body: object({
          ...page,
          'query?': object({
            'filter?': object({
              'event_types?': strings,
              'merchant_ids?': strings,
              'created_at?': range,
            }),
            'sort?': object({ 'field?': oneOf('DEFAULT'), 'order?': oneOf('ASC', 'DESC') }),
          }),
        }),
        answer: ({ body }) => {
          const { event_types: types, created_at: at } = body.query?.filter ?? {}
          const found = (state.events ?? []).filter(
            (each) =>
              (!types || types.includes(each.type)) &&
              (!at?.start_at || each.created_at >= at.start_at) &&
              (!at?.end_at || each.created_at <= at.end_at),
          )
          const { json } = paged(
            'events',
            found.map((each) => ({ ...each, data: { id: each.event_id } })),
            body,
          )
          const metadata = found.map((each) => ({
            event_id: each.event_id,
            api_version: '2026-09-16',
          }))
          return { json: { ...(json as object), metadata } }
        },
      },
    }),
    reject: (headers) =>
      headers['square-version'] === undefined
        ? error(400, 'BAD_REQUEST', 'Square-Version is missing')
        : bearer(SQUARE_TOKEN, unauthorized)(headers),
    invalid: (detail) => error(400, 'BAD_REQUEST', detail),
    reads: (method, path) => method === 'GET' || path === '/v2/events',
  })
  return { ...fake, rows }
}

function paged(
  member: string,
  all: readonly object[],
  given: Readonly<Record<string, any>>,
): FakeAnswer {
  const size = Math.min(Number(given['limit'] ?? 100), 100)
  const { data, next, more } = pageOf(all, size, given['cursor'])
  return { json: { [member]: data, ...(more && { cursor: String(next) }) } }
}
