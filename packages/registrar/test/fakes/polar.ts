// Polar's webhook endpoints, deliveries and redelivery, as described at https://polar.sh/docs/api-reference/webhooks.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { rowsOf } from './rows.ts'
import { bearer, boolean, described, number, object, oneOf, string, strings } from './schema.ts'

export const POLAR_TOKEN = 'polar_oat_fake0123456789fake0123456789'

export interface PolarDelivery {
  readonly id: string
  readonly created_at: string
  readonly succeeded: boolean
  readonly event: string
  readonly type: string
  readonly eventSucceeded: boolean | null
  readonly archived?: boolean
}

export interface PolarState {
  /** Deliveries, newest first. */
  deliveries?: PolarDelivery[]
  redeliver?: (event: string) => void
}

const format = oneOf('raw', 'discord', 'slack')
const page = { 'page?': number, 'limit?': { type: 'integer', maximum: 100 } }

export async function startPolar(state: PolarState = {}): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const missing = { status: 404, json: { error: 'ResourceNotFound', detail: 'Not found' } }
  const { rows, one, shown, changed, removed, ...endpoints } = rowsOf(missing)
  const add = (body: object): Record<string, any> => {
    const id = `00000000-0000-4000-8000-${String(next++).padStart(12, '0')}`
    const more = {
      enabled: true,
      secret: `polar_whs_${id}`,
      organization_id: 'org',
      created_at: '2026-01-01T00:00:00Z',
    }
    return endpoints.add({ name: null, modified_at: null, ...more, ...body, id })
  }
  add({ url: 'https://stranger.example/hooks', format: 'raw', events: ['order.paid'] })
  const base = '/v1/webhooks/endpoints'
  const fake = await startFake({
    ...described('npm @polar-sh/sdk 0.49.0, models/components/webhook*', 'MIT', {
      [`GET ${base}`]: {
        query: object({ ...page, 'organization_id?': string }),
        answer: ({ query }) => paged(rows, query),
      },
      [`POST ${base}`]: {
        body: object({
          url: string,
          'name?': string,
          format,
          events: strings,
          'organization_id?': string,
        }),
        answer: ({ body }) => ({ status: 201, json: add(body) }),
      },
      [`PATCH ${base}/{id}`]: {
        body: object({
          'url?': string,
          'name?': string,
          'format?': format,
          'events?': strings,
          'enabled?': boolean,
        }),
        answer: changed,
      },
      [`GET ${base}/{id}`]: shown,
      [`DELETE ${base}/{id}`]: removed(),
      [`PATCH ${base}/{id}/secret`]: one((found) => {
        found.secret += '_new'
        return { json: found }
      }),
      'GET /v1/webhooks/deliveries': {
        query: object({
          ...page,
          'endpoint_id?': string,
          'start_timestamp?': string,
          'end_timestamp?': string,
          'succeeded?': boolean,
        }),
        answer: ({ query }) => {
          const found = (state.deliveries ?? []).filter(
            (each) =>
              (!query['succeeded'] || String(each.succeeded) === query['succeeded']) &&
              (!query['start_timestamp'] || each.created_at >= query['start_timestamp']) &&
              (!query['end_timestamp'] || each.created_at <= query['end_timestamp']),
          )
          return paged(found.map(deliveryOf), query)
        },
      },
      'POST /v1/webhooks/events/{id}/redeliver': ({ params }) => {
        const found = state.deliveries?.find(({ event }) => event === params['id'])
        if (!found || found.archived) return missing
        state.redeliver?.(found.event)
        return { status: 202, json: {} }
      },
    }),
    reject: bearer(POLAR_TOKEN, {
      error: 'invalid_token',
      error_description: 'The access token is invalid',
    }),
    invalid: (msg) => ({ status: 422, json: { detail: [{ loc: [], msg, type: 'value_error' }] } }),
  })
  return { ...fake, rows }
}

function deliveryOf({ event, type, eventSucceeded, archived, ...delivery }: PolarDelivery): object {
  const more = { http_code: delivery.succeeded ? 200 : 500, response: null, modified_at: null }
  const of = {
    id: event,
    type,
    succeeded: eventSucceeded,
    skipped: false,
    is_archived: archived ?? false,
  }
  return {
    ...delivery,
    ...more,
    webhook_event: { ...of, payload: null, created_at: delivery.created_at },
  }
}

function paged(all: readonly object[], query: Readonly<Record<string, any>>): FakeAnswer {
  const size = Number(query['limit'] ?? 10)
  const page = Number(query['page'] ?? 1)
  const pagination = { total_count: all.length, max_page: Math.ceil(all.length / size) }
  return { json: { items: all.slice((page - 1) * size, page * size), pagination } }
}
