// Shopify's GraphQL Admin API, run by graphql-js on the schema that Shopify publishes, cut to webhook subscriptions.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema } from 'graphql'
import type { Fake, FakeAnswer } from './fake.ts'
import { startGraphql } from './graphql.ts'
import { pageOf } from './rows.ts'

export const SHOPIFY_TOKEN = 'shpat_fake0123456789fake0123456789'
export const SHOPIFY_SHOP = 'octo.myshopify.com'

const schema = buildSchema(
  readFileSync(join(import.meta.dirname, '../descriptions/shopify.graphql'), 'utf8'),
)

interface Subscription {
  readonly id: string
  readonly topic: string
  uri: string
  format: string
}

export async function startShopify(): Promise<Fake & { readonly subscriptions: Subscription[] }> {
  let next = 1
  const idOf = (number: number): string => `gid://shopify/WebhookSubscription/${number}`
  const subscriptions: Subscription[] = [
    {
      id: idOf(900),
      topic: 'APP_UNINSTALLED',
      uri: 'https://stranger.example/hooks',
      format: 'JSON',
    },
  ]
  const wrong = (message: string): object => ({
    userErrors: [{ field: ['webhookSubscription'], message }],
  })
  const taken = (topic: string, uri: string, id?: string): boolean =>
    subscriptions.some((each) => each.id !== id && each.topic === topic && each.uri === uri)
  const rootValue = {
    webhookSubscriptions: ({ first, after }: { first: number; after?: string }) => {
      const { data: nodes, more } = pageOf(subscriptions, first, after, ({ id }) => id)
      return { nodes, pageInfo: { hasNextPage: more, endCursor: nodes.at(-1)?.id } }
    },
    webhookSubscriptionCreate: ({ topic, webhookSubscription: { uri, format } }: any) => {
      if (!uri?.startsWith('https://')) return wrong('Address protocol http:// is not supported')
      if (taken(topic, uri)) return wrong('Address for this topic has already been taken')
      const made = { id: idOf(next++), topic, uri, format: format ?? 'JSON' }
      subscriptions.push(made)
      return { webhookSubscription: made, userErrors: [] }
    },
    webhookSubscriptionUpdate: ({ id, webhookSubscription }: any) => {
      const found = subscriptions.find((each) => each.id === id)
      if (!found) return wrong('Webhook subscription does not exist')
      if (taken(found.topic, webhookSubscription.uri ?? found.uri, id))
        return wrong('Address for this topic has already been taken')
      Object.assign(found, webhookSubscription)
      return { webhookSubscription: found, userErrors: [] }
    },
    webhookSubscriptionDelete: ({ id }: any) => {
      const at = subscriptions.findIndex((each) => each.id === id)
      if (at < 0) return wrong('Webhook subscription does not exist')
      subscriptions.splice(at, 1)
      return { deletedWebhookSubscriptionId: id, userErrors: [] }
    },
  }
  const fake = await startGraphql({
    source:
      'https://shopify.dev/docs/api/admin-graphql: one path, whose operations the schema checks',
    licence: 'none needed',
    path: '/admin/api/2026-10/graphql.json',
    schema,
    rootValue,
    reject: (headers) =>
      headers['x-shopify-access-token'] === SHOPIFY_TOKEN
        ? undefined
        : { status: 401, json: { errors: '[API] Invalid API key or access token' } },
    invalid: (reason) => ({ status: 400, json: { errors: reason } }),
  })
  return { ...fake, subscriptions }
}

/**
 * Returns Shopify's answer beyond the rate limit. Its status is 200, and it tells when the bucket has enough points.
 */
export function throttledShopify(seconds: number): FakeAnswer {
  const throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 0, restoreRate: 100 }
  return {
    json: {
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: { cost: { requestedQueryCost: seconds * 100, throttleStatus } },
    },
  }
}
