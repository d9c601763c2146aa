// Chargebee's webhook endpoints, as described at https://apidocs.chargebee.com/docs/api/webhook_endpoints.
import { CHARGEBEE_TOPICS } from '../../src/topics/chargebee.ts'
import { startFake, type Fake } from './fake.ts'
import { pageOf, rowsOf } from './rows.ts'
import { boolean, described, number, object, oneOf, string } from './schema.ts'

export const CHARGEBEE_KEY = 'test_fake0123456789fake0123456789'

const shape = {
  'name?': string,
  'url?': { type: 'string', pattern: '^https://' },
  'api_version?': oneOf('v1', 'v2'),
  'disabled?': boolean,
  'primary_url?': boolean,
  'send_card_resource?': boolean,
  'basic_auth_username?': string,
  'basic_auth_password?': string,
  'enabled_events?': { type: 'array', items: oneOf(...CHARGEBEE_TOPICS.trim().split(/\s+/)) },
}

export async function startChargebee(): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const missing = {
    status: 404,
    json: { message: 'not found', api_error_code: 'resource_not_found' },
  }
  const { rows, one, removed, ...endpoints } = rowsOf(missing)
  const put = (into: Record<string, any>, { disabled, ...given }: any): Record<string, any> =>
    Object.assign(into, given, disabled === undefined ? {} : { disabled: disabled === 'true' })
  const add = (body: any): Record<string, any> => {
    const made = put({ api_version: 'v2', disabled: false, primary_url: false }, body)
    made['id'] = `whv2_${next++}`
    return endpoints.add(made)
  }
  add({
    name: 'theirs',
    url: 'https://stranger.example/hooks',
    enabled_events: ['customer_created'],
  })
  const shown = ({
    basic_auth_username: _user,
    basic_auth_password: _password,
    ...endpoint
  }: any): object => ({
    webhook_endpoint: { ...endpoint, object: 'webhook_endpoint' },
  })
  const path = '/api/v2/webhook_endpoints'
  const basic = Buffer.from(`${CHARGEBEE_KEY}:`).toString('base64')
  const fake = await startFake({
    ...described('npm chargebee 3.33.0, types/resources/WebhookEndpoint.d.ts', 'MIT', {
      [`GET ${path}`]: {
        query: object({ 'limit?': number, 'offset?': string }),
        answer: ({ query }) => {
          const size = Number(query['limit'] ?? 10)
          const { data, next, more } = pageOf(rows, size, query['offset'])
          return { json: { list: data.map(shown), ...(more && { next_offset: String(next) }) } }
        },
      },
      [`POST ${path}`]: {
        form: true,
        body: object(shape),
        answer: ({ body }) =>
          body.name && body.url
            ? { json: shown(add(body)) }
            : { status: 400, json: { message: 'name and url' } },
      },
      [`GET ${path}/{id}`]: one((found) => ({ json: shown(found) })),
      [`POST ${path}/{id}`]: {
        form: true,
        body: object(shape),
        answer: one((found, { body }) => ({ json: shown(put(found, body)) })),
      },
      [`POST ${path}/{id}/delete`]: removed((found) => ({ json: shown(found) })),
    }),
    reject: ({ authorization }) =>
      authorization === `Basic ${basic}`
        ? undefined
        : {
            status: 401,
            json: {
              message: 'Sorry, authentication failed.',
              api_error_code: 'api_authentication_failed',
            },
          },
    invalid: (message) => ({ status: 400, json: { message, api_error_code: 'param_wrong_value' } }),
  })
  return { ...fake, rows }
}
