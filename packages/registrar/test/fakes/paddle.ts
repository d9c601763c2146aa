// Paddle's notification settings, notifications and events, as described at https://developer.paddle.com/api-reference.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { pageOf, rowsOf } from './rows.ts'
import { bearer, boolean, described, number, object, oneOf, string, strings } from './schema.ts'

export const PADDLE_KEY = 'pdl_sdbx_apikey_fake0123456789fake0123456789'

export interface PaddleEvent {
  readonly event_id: string
  readonly event_type: string
  readonly occurred_at: string
}

export interface PaddleNotification {
  readonly id: string
  readonly type: string
  readonly status: 'not_attempted' | 'needs_retry' | 'delivered' | 'failed'
  readonly occurred_at: string
  readonly event_id: string
}

export interface PaddleState {
  /** Events, newest first. */
  events?: PaddleEvent[]
  /** Notifications, newest first. */
  notifications?: PaddleNotification[]
  replay?: (notification: string) => void
}

const page = { 'after?': string, 'per_page?': number, 'order_by?': string }
const shape = { destination: string, subscribed_events: strings }
const optional = { 'destination?': string, 'subscribed_events?': strings, 'active?': boolean }

export async function startPaddle(
  state: PaddleState = {},
): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const missing = {
    status: 404,
    json: { error: { type: 'request_error', code: 'not_found', detail: 'Not found' } },
  }
  const { rows, one, removed, ...settings } = rowsOf(missing)
  const add = (body: any): Record<string, any> => {
    const id = `ntfset_${next++}`
    return settings.add({
      ...body,
      id,
      active: true,
      api_version: 1,
      include_sensitive_fields: false,
      traffic_source: 'platform',
      subscribed_events: named(body.subscribed_events),
      endpoint_secret_key: `pdl_ntfset_${id}_0123456789`,
    })
  }
  add({
    description: 'theirs',
    type: 'url',
    destination: 'https://stranger.example/hooks',
    subscribed_events: ['customer.created'],
  })
  add({
    description: 'mail',
    type: 'email',
    destination: 'ops@example.com',
    subscribed_events: ['customer.created'],
  })
  const fake = await startFake({
    ...described('npm @paddle/paddle-node-sdk 3.10.0, dist/types/resources', 'Apache-2.0', {
      'GET /notification-settings': {
        query: object(page),
        answer: ({ query }) => paged(rows, query, 'id', '/notification-settings'),
      },
      'GET /notification-settings/{id}': one((data) => ({ json: { data } })),
      'POST /notification-settings': {
        body: object({ description: string, type: oneOf('url', 'email'), ...shape }),
        answer: ({ body }) => ({ status: 201, json: { data: add(body) } }),
      },
      'PATCH /notification-settings/{id}': {
        body: object(optional),
        answer: one((found, { body }) => {
          const events = body.subscribed_events && {
            subscribed_events: named(body.subscribed_events),
          }
          return { json: { data: Object.assign(found, body, events) } }
        }),
      },
      'DELETE /notification-settings/{id}': removed(),
      'GET /notifications': {
        query: object({
          ...page,
          'notification_setting_id?': string,
          'status?': string,
          'from?': string,
          'to?': string,
        }),
        answer: ({ query }) => {
          const found = (state.notifications ?? []).filter(
            ({ status, occurred_at: at }) =>
              (!query['status'] || query['status'].split(',').includes(status)) &&
              (!query['from'] || at >= query['from']) &&
              (!query['to'] || at < query['to']),
          )
          const shown = found.map(({ event_id, ...each }) => ({
            ...each,
            payload: { event_id, event_type: each.type },
            last_attempt_at: each.occurred_at,
            times_attempted: 1,
            origin: 'event',
          }))
          return paged(shown, query, 'id', '/notifications')
        },
      },
      'POST /notifications/{id}/replay': ({ params }) => {
        const found = state.notifications?.find(({ id }) => id === params['id'])
        if (!found) return missing
        // Paddle replays notifications that were delivered or have failed, and rejects pending ones.
        if (found.status !== 'delivered' && found.status !== 'failed')
          return {
            status: 400,
            json: { error: { code: 'notification_cannot_be_replayed', detail: 'pending' } },
          }
        state.replay?.(found.id)
        return { status: 202, json: { data: { notification_id: `${found.id}_again` } } }
      },
      'GET /events': {
        query: object({ ...page, 'event_type?': string }),
        answer: ({ query }) => {
          const found = (state.events ?? []).filter(
            (each) =>
              !query['event_type'] || query['event_type'].split(',').includes(each.event_type),
          )
          const data = found.map((each) => ({ ...each, data: { id: `txn_${each.event_id}` } }))
          return paged(data, query, 'event_id', '/events')
        },
      },
    }),
    reject: bearer(PADDLE_KEY, {
      error: { type: 'request_error', code: 'forbidden', detail: 'Invalid token' },
    }),
    invalid: (detail) => ({
      status: 400,
      json: { error: { type: 'request_error', code: 'bad_request', detail } },
    }),
  })
  return { ...fake, rows }
}

function named(events: readonly string[]): readonly object[] {
  return events.map((name) => ({ name, description: '', group: '', available_versions: [1] }))
}

function paged(
  all: readonly Record<string, any>[],
  query: Readonly<Record<string, any>>,
  key: string,
  path: string,
): FakeAnswer {
  const size = Math.min(Number(query['per_page'] ?? 50), 200)
  const { data, more } = pageOf(all, size, query['after'], (each) => each[key])
  const rest = new URLSearchParams({ ...query, after: String(data.at(-1)?.[key]) }).toString()
  const next = `https://api.paddle.com${path}?${rest}`
  const pagination = {
    per_page: size,
    next,
    has_more: more,
    estimated_total: all.length,
  }
  return { json: { data, meta: { request_id: 'r', pagination } } }
}
