import { senderCall, type ApiAnswer } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { connectionPage, graphqlClient, judgeGraphql } from './common/graphql.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, endpointId, row, asText } from './common/read.ts'
import { endpointReader, everyRow } from './common/rest.ts'
import type { Registrar } from './registrar.ts'
import { SHOPIFY_TOPICS } from './topics/shopify.ts'

/** Options of {@link shopifyRegistrar}. */
export interface ShopifyRegistrarOptions extends ApiOptions {
  /** The shop's domain, `octo.myshopify.com`. */
  readonly shop: string
  /** The access token of the app in this shop. */
  readonly token: Token
  /** The version of the admin API. @default '2026-10' */
  readonly version?: string
}

/**
 * Manages the webhook subscriptions of an app in one shop at Shopify, through the GraphQL Admin API: one subscription
 * per topic. The API does not list the subscriptions in the app's configuration file. Set the three privacy topics in
 * that file. Shopify signs deliveries with the app's client secret, so there is no secret to store.
 *
 * API: https://shopify.dev/docs/api/admin-graphql/latest/mutations/webhookSubscriptionCreate, and its description in
 * the npm package `@shopify/dev-mcp`.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const registrar = shopifyRegistrar({ shop: 'octo.myshopify.com', token: process.env.SHOPIFY_TOKEN! })
 * await registrar.apply(await registrar.plan({ url: 'https://app.example/shopify', topics: ['orders/create'] }))
 */
export function shopifyRegistrar(options: ShopifyRegistrarOptions): Registrar {
  const { shop, version = '2026-10' } = options
  const call = senderCall('shopifyRegistrar', options, {
    title: 'Shopify',
    api: `https://${shop}`,
    headers: (token) => ({ 'x-shopify-access-token': token }),
    judge: (answer) => judgeGraphql(answer, CODES, waitOf),
    explain: (body) => asText(row(body)['errors']) || undefined,
  })
  if (!/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(shop))
    throw new TypeError(`shopifyRegistrar: shop: must be name.myshopify.com, got ${shop}`)
  const ask = graphqlClient(call, `/admin/api/${version}/graphql.json`)
  const topics = topicList(SHOPIFY_TOPICS)
  const topicOf = new Map(topics.map((topic) => [enumOf(topic), topic]))
  const toEndpoint = endpointReader({
    url: 'uri',
    topics: ({ topic }) => [topicOf.get(asText(topic)) ?? asText(topic)],
    on: {},
    settings: { format: 'format' },
  })

  return defineRegistrar({
    provider: 'shopify',
    account: `shop ${shop}`,
    kind: 'webhookSubscription',
    one: 'topic',
    most: 50,
    settings: { format: 'JSON' },
    names: {
      known: topics,
      manual: (pattern) =>
        PRIVACY.includes(pattern) ? "set it in the app's configuration file" : undefined,
    },
    async list() {
      const all = await everyRow('Shopify', async (after) =>
        connectionPage(await ask(LIST, { after }, 'webhookSubscriptions'), 'Shopify'),
      )
      return all.map(toEndpoint)
    },
    async create({ url, topics: [topic = ''], settings }) {
      const variables = { topic: enumOf(topic), given: { uri: url, ...settings } }
      const made = await ask(CREATE, variables, 'webhookSubscriptionCreate')
      return { id: endpointId(memberIn(made, 'webhookSubscription.id'), 'Shopify') }
    },
    async update({ id }, { url, settings }) {
      await ask(UPDATE, { id, given: { uri: url, ...settings } }, 'webhookSubscriptionUpdate')
    },
    async delete({ id }) {
      await ask(DELETE, { id }, 'webhookSubscriptionDelete')
    },
  })
}

const PRIVACY = ['customers/data_request', 'customers/redact', 'shop/redact']
const CODES = { denied: ['ACCESS_DENIED'], limited: ['THROTTLED'] }

const LIST = `query ($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri format }
    pageInfo { hasNextPage endCursor }
  }
}`
const CREATE = `mutation ($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) {
    webhookSubscription { id }
    userErrors { field message }
  }
}`
const UPDATE = `mutation ($id: ID!, $given: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $given) { userErrors { field message } }
}`
const DELETE = `mutation ($id: ID!) {
  webhookSubscriptionDelete(id: $id) { userErrors { field message } }
}`

function enumOf(topic: string): string {
  return topic.replaceAll(/[/.]/g, '_').toUpperCase()
}

/**
 * Returns the milliseconds to wait. Shopify's `restoreRate` is in points per second.
 * https://shopify.dev/docs/api/usage/limits
 */
function waitOf({ json }: ApiAnswer): number {
  const cost = row(row(row(json)['extensions'])['cost'])
  const { currentlyAvailable, restoreRate } = row(cost['throttleStatus'])
  const missing = Number(cost['requestedQueryCost']) - Number(currentlyAvailable)
  const seconds = missing / Number(restoreRate)
  return seconds > 0 ? Math.ceil(seconds * 1000) : 1000
}
