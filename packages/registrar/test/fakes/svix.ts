// Svix's endpoints of an application, as described at https://api.svix.com/docs.
import type { Description } from '../descriptions/description.ts'
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { pageOf, rowsOf } from './rows.ts'
import { bearer } from './schema.ts'

export const SVIX_TOKEN = 'testsk_fake0123456789fake0123456789.eu'

export interface SvixAttempt {
  readonly msgId: string
  readonly eventType: string
  readonly timestamp: string
  /** 0: success, 1: pending, 2: fail, 3: sending. */
  readonly status: number
}

export interface SvixState {
  /** Attempts, newest first. */
  attempts?: SvixAttempt[]
  resend?: (message: string) => void
  replay?: (since: string, until: string) => void
}

export async function startSvix(
  state: SvixState = {},
): Promise<Fake & { readonly rows: any[]; secret(id: string): string }> {
  let next = 1
  const secrets = new Map<string, string>()
  const missing = { status: 404, json: { code: 'not_found', detail: 'Entity not found' } }
  const { rows, one, shown, removed, ...endpoints } = rowsOf(missing, 'endpoint_id')
  const add = (body: object): Record<string, any> => {
    const id = `ep_${next++}`
    const times = { createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z' }
    secrets.set(id, `whsec_${String(next).padStart(32, '0')}`)
    return endpoints.add({ description: '', disabled: false, ...body, ...times, id })
  }
  add({ url: 'https://stranger.example/hooks', version: 1 })
  const base = '/api/v1/app/{app_id}/endpoint/'
  const fake = await startFake({
    description: described(),
    reject: bearer(SVIX_TOKEN, { code: 'authentication_failed', detail: 'Invalid token' }),
    invalid: (detail) => ({ status: 422, json: { detail } }),
    routes: {
      [`GET ${base}`]: ({ query }) => paged(rows, query),
      [`POST ${base}`]: ({ body }) => ({ status: 201, json: add(body) }),
      [`GET ${base}{endpoint_id}/`]: shown,
      [`PUT ${base}{endpoint_id}/`]: one((endpoint, { body }) => {
        // A PUT replaces the whole endpoint, so members that it omits are removed.
        const { id, createdAt, updatedAt } = endpoint
        for (const name of Object.keys(endpoint)) delete endpoint[name]
        const own = { id, createdAt, updatedAt }
        return { json: Object.assign(endpoint, { description: '', disabled: false }, body, own) }
      }),
      [`DELETE ${base}{endpoint_id}/`]: removed(),
      [`GET ${base}{endpoint_id}/secret/`]: one(({ id }) => ({ json: { key: secrets.get(id) } })),
      [`POST ${base}{endpoint_id}/secret/rotate/`]: one(({ id }, { body }) => {
        secrets.set(id, body.key)
        return { status: 204 }
      }),
      'GET /api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}/': ({ query, params }) => {
        const found = (state.attempts ?? []).filter(
          ({ timestamp }) =>
            (!query['before'] || timestamp < query['before']) &&
            (!query['after'] || timestamp > query['after']),
        )
        return paged(
          found.map((attempt, at) => attemptOf(attempt, at, params['endpoint_id']!)),
          query,
        )
      },
      [`POST ${base}{endpoint_id}/replay-missing/`]: ({ body }) => {
        state.replay?.(body.since, body.until)
        return { status: 202, json: { id: 'qtask_1', status: 'running', task: 'endpoint.replay' } }
      },
      'POST /api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/resend/': ({ params }) => {
        state.resend?.(params['msg_id']!)
        return { status: 202, json: {} }
      },
    },
  })
  return { ...fake, rows, secret: (id) => secrets.get(id) ?? '' }
}

/**
 * Adds `with_msg`, which is newer than the description. It is in npm svix 1.99.1 (MIT), dist/api/messageAttempt.d.ts.
 */
function described(): Description {
  const description = load('svix')
  const key = 'GET /api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}/'
  const operation = description.operations[key]!
  const properties = {
    ...(operation.query!['properties'] as object),
    with_msg: { type: 'boolean' },
  }
  const changed = { ...operation, query: { ...operation.query, properties } }
  return { ...description, operations: { ...description.operations, [key]: changed } }
}

function attemptOf(
  { eventType, ...attempt }: SvixAttempt,
  at: number,
  endpointId: string,
): Record<string, any> {
  return {
    ...attempt,
    id: `atmpt_${attempt.msgId}_${at}`,
    endpointId,
    url: 'https://app.example/svix',
    response: '',
    responseStatusCode: attempt.status === 0 ? 200 : 500,
    triggerType: 0,
    msg: { id: attempt.msgId, eventType },
  }
}

function paged(
  all: readonly Record<string, any>[],
  query: Readonly<Record<string, any>>,
): FakeAnswer {
  const size = Number(query['limit'] ?? 50)
  const { data, more } = pageOf(all, size, query['iterator'], ({ id }) => id)
  return { json: { data, done: !more, iterator: data.at(-1)?.['id'] ?? null } }
}
