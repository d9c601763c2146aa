// Contentful's webhooks of a space, as described in the reference of its Content Management API.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { rowsOf } from './rows.ts'
import { bearer, boolean, described, number, object, string, strings } from './schema.ts'

export const CONTENTFUL_TOKEN = 'CFPAT-fake0123456789fake0123456789'

const header = object({ key: string, value: string, 'secret?': boolean })
const shape = {
  name: string,
  url: string,
  topics: { ...strings, items: { type: 'string', pattern: String.raw`^[\w*]+\.[\w*]+$` } },
  'httpBasicUsername?': string,
  'headers?': { type: 'array', items: header },
  'filters?': { type: 'array' },
  'transformation?': { type: 'object' },
  'active?': boolean,
}

export async function startContentful(): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const error = (status: number, id: string): FakeAnswer => ({
    status,
    json: { sys: { type: 'Error', id }, message: id },
  })
  const { rows, one, shown, removed, ...webhooks } = rowsOf(
    error(404, 'NotFound'),
    'id',
    ({ sys }) => sys.id,
  )
  const add = (body: object): Record<string, any> => {
    const sys = { id: `wh${next++}`, version: 0, type: 'WebhookDefinition' }
    return webhooks.add({ active: true, headers: [], ...body, sys })
  }
  add({ name: 'theirs', url: 'https://stranger.example/hooks', topics: ['*.*'] })
  const path = '/spaces/{space}/webhook_definitions'
  const fake = await startFake({
    ...described('npm contentful-management 12.18.0, dist/types/entities/webhook.d.ts', 'MIT', {
      [`GET ${path}`]: {
        query: object({ 'limit?': number, 'skip?': number }),
        answer: ({ query }) => {
          const skip = Number(query['skip'] ?? 0)
          const items = rows.slice(skip, skip + Number(query['limit'] ?? 100))
          return { json: { total: rows.length, skip, limit: 100, items } }
        },
      },
      [`POST ${path}`]: {
        body: object(shape),
        answer: ({ body, headers }) =>
          headers['content-type']?.startsWith('application/vnd.contentful')
            ? { status: 201, json: add(body) }
            : error(422, 'UnsupportedMediaType'),
      },
      [`GET ${path}/{id}`]: shown,
      [`PUT ${path}/{id}`]: {
        body: object(shape),
        answer: one((found, { body, headers }) => {
          if (headers['x-contentful-version'] !== String(found.sys.version))
            return error(409, 'VersionMismatch')
          const sys = { ...found.sys, version: found.sys.version + 1 }
          for (const name of Object.keys(found)) delete found[name]
          return { json: Object.assign(found, body, { sys }) }
        }),
      },
      [`DELETE ${path}/{id}`]: removed(),
      'GET /spaces/{space}/webhooks/{id}/calls': {
        query: object({ 'limit?': number, 'skip?': number }),
        answer: () => ({
          json: {
            items: [
              { statusCode: 500, requestAt: '2026-01-01T00:00:01Z' },
              { statusCode: 200, requestAt: '2026-01-01T00:00:00Z' },
            ],
          },
        }),
      },
    }),
    reject: bearer(CONTENTFUL_TOKEN, {
      sys: { id: 'AccessTokenInvalid' },
      message: 'The access token is invalid',
    }),
    invalid: (message) => ({ status: 422, json: { sys: { id: 'ValidationFailed' }, message } }),
  })
  return { ...fake, rows }
}
