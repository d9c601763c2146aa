import { polarClient, polarPages } from './clients/polar.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, row, rows } from './common/read.ts'
import { failedAt, restEndpoints } from './common/rest.ts'
import type { Registrar } from './registrar.ts'
import { POLAR_TOPICS } from './topics/polar.ts'

/** Options of {@link polarRegistrar}. */
export interface PolarRegistrarOptions extends ApiOptions {
  /** An organization access token, or a personal token together with `organization`. */
  readonly token: Token
  /** The organization's id, which a personal token requires. @default the organization of the token */
  readonly organization?: string
}

/**
 * Manages the webhook endpoints of an organization at Polar. Polar shows the secret at any time. `rotate` invalidates
 * the old secret at once. Until `onSecret` has stored the new secret, the receiver rejects deliveries, which Polar
 * retries.
 *
 * API: https://polar.sh/docs/api-reference/webhooks/endpoints/create, and the types in the npm package `@polar-sh/sdk`.
 *
 * @example
 * const registrar = polarRegistrar({ token: process.env.POLAR_TOKEN! })
 */
export function polarRegistrar(options: PolarRegistrarOptions): Registrar {
  const { organization } = options
  const call = polarClient('polarRegistrar', options)
  const owner = organization === undefined ? {} : { organization_id: organization }

  return defineRegistrar({
    provider: 'polar',
    account: organization === undefined ? 'organization' : `organization ${organization}`,
    kind: 'endpoint',
    secret: 'readable',
    settings: { format: 'raw' },
    names: { known: topicList(POLAR_TOPICS) },
    ...restEndpoints(call, {
      title: 'Polar',
      path: PATH,
      list: polarPages(call, PATH, owner),
      url: 'url',
      topics: 'events',
      on: { enabled: true },
      usuallyOn: true,
      settings: { format: 'format' },
      secret: 'secret',
      create: ({ url, topics, settings }) => ({
        json: { url, events: topics, ...settings, ...owner },
      }),
      shape: ({ url, topics, settings }) => ({ url, events: topics, ...settings }),
    }),
    async failures({ id }) {
      const query = { endpoint_id: id, succeeded: 'false', limit: 50 }
      const { json } = await call('GET', '/v1/webhooks/deliveries', { query })
      return rows(memberIn(json, 'items'), 'Polar').map((each) =>
        failedAt(each['created_at'], each['http_code'], memberIn(each, 'webhook_event.type')),
      )
    },
    async rotate(id, hand) {
      const { json } = await call('PATCH', `${PATH}/${id}/secret`, { repeatable: false })
      await hand(row(json)['url'], row(json)['secret'])
    },
  })
}

const PATH = '/v1/webhooks/endpoints'
