// HubSpot's webhook settings and subscriptions of an app:
// https://developers.hubspot.com/docs/api-reference
import { HUBSPOT_TOPICS } from '../../src/topics/hubspot.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { rowsOf } from './rows.ts'
import { boolean, described, number, object, oneOf, string } from './schema.ts'

export const HUBSPOT_KEY = 'eu1-fake-0123-4567-89ab-cdef01234567'

export async function startHubspot(): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  let settings: any
  const error = (status: number, message: string): FakeAnswer => ({
    status,
    json: { status: 'error', message },
  })
  const { rows, changed, removed, ...subscriptions } = rowsOf(error(404, 'no subscription'))
  const base = '/webhooks/v3/{appId}'
  const query = object({ hapikey: string })
  // The key is in the query of every operation.
  const fake = await startFake({
    ...described('npm @hubspot/api-client 13.5.0, lib/codegen/webhooks', 'ISC', {
      [`GET ${base}/settings`]: {
        query,
        answer: () => (settings ? { json: settings } : error(404, 'no settings')),
      },
      [`PUT ${base}/settings`]: {
        query,
        body: object({ targetUrl: string, throttling: object({ maxConcurrentRequests: number }) }),
        answer: ({ body }) => {
          if (!body.targetUrl.startsWith('https://')) return error(400, 'targetUrl must be https')
          settings = { ...body, createdAt: '2026-01-01T00:00:00Z' }
          return { json: settings }
        },
      },
      [`GET ${base}/subscriptions`]: { query, answer: () => ({ json: { results: rows } }) },
      [`POST ${base}/subscriptions`]: {
        query,
        body: object({
          eventType: oneOf(...HUBSPOT_TOPICS.trim().split(/\s+/)),
          'propertyName?': string,
          'objectTypeId?': string,
          'active?': boolean,
        }),
        answer: ({ body }) => {
          if (body.eventType.endsWith('propertyChange') === (body.propertyName === undefined))
            return error(400, 'propertyName')
          const own = { id: String(next++), createdAt: '2026-01-01T00:00:00Z' }
          return { status: 201, json: subscriptions.add({ active: false, ...body, ...own }) }
        },
      },
      [`PATCH ${base}/subscriptions/{id}`]: {
        query,
        body: object({ 'active?': boolean }),
        answer: changed,
      },
      [`DELETE ${base}/subscriptions/{id}`]: { query, answer: removed() },
    }),
    reject: (_headers, _path, given) =>
      given['hapikey'] === HUBSPOT_KEY
        ? undefined
        : error(401, `This hapikey (${given['hapikey']}) doesn't exist.`),
    invalid: (message) => error(400, message),
  })
  return { ...fake, rows }
}
