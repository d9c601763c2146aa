// Reduces Shopify's admin schema to webhook subscriptions, because building the whole schema takes 258 ms.
import { buildClientSchema, isEnumType, isInputObjectType, isObjectType, printType } from 'graphql'
import type { GraphQLSchema, IntrospectionQuery } from 'graphql'

/** Object types with the fields that are kept. Input types and enums are kept whole. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  QueryRoot: ['webhookSubscriptions'],
  Mutation: ['webhookSubscriptionCreate', 'webhookSubscriptionUpdate', 'webhookSubscriptionDelete'],
  WebhookSubscription: ['format', 'id', 'name', 'topic', 'uri'],
  WebhookSubscriptionConnection: ['nodes', 'pageInfo'],
  WebhookSubscriptionCreatePayload: ['userErrors', 'webhookSubscription'],
  WebhookSubscriptionUpdatePayload: ['userErrors', 'webhookSubscription'],
  WebhookSubscriptionDeletePayload: ['userErrors', 'deletedWebhookSubscriptionId'],
  UserError: ['field', 'message'],
  PageInfo: ['endCursor', 'hasNextPage'],
}
const WHOLE = [
  'WebhookSubscriptionInput',
  'HasMetafieldsMetafieldIdentifierInput',
  'WebhookSubscriptionFormat',
  'WebhookSubscriptionTopic',
  'WebhookSubscriptionSortKeys',
]

/** Converts the JSON of an introspection to a reduced schema in GraphQL's own language. */
export function pruneShopify(text: string): string {
  const { data } = JSON.parse(text) as { data: IntrospectionQuery }
  const schema = buildClientSchema(data)
  const parts = [
    '# npm @shopify/dev-mcp 1.16.0, dist/data/admin_2026-10.json.gz, ISC; written by extract.ts',
    'schema { query: QueryRoot mutation: Mutation }',
    'scalar URL',
    ...Object.entries(OBJECTS).map(([name, fields]) => objectOf(schema, name, fields)),
    ...WHOLE.map((name) => wholeOf(schema, name)),
  ]
  return `${parts.join('\n')}\n`
}

function objectOf(schema: GraphQLSchema, name: string, fields: readonly string[]): string {
  const type = schema.getType(name)
  if (!isObjectType(type)) throw new Error(`${name} is no object type`)
  const lines = fields.map((field) => {
    const found = type.getFields()[field]
    if (found === undefined) throw new Error(`${name} has no ${field}`)
    const args = found.args.map((arg) => `${arg.name}: ${String(arg.type)}`).join(', ')
    return `  ${field}${args === '' ? '' : `(${args})`}: ${String(found.type)}`
  })
  return `type ${name} {\n${lines.join('\n')}\n}`
}

function wholeOf(schema: GraphQLSchema, name: string): string {
  const type = schema.getType(name)
  if (!isEnumType(type) && !isInputObjectType(type)) throw new Error(`${name} is no input or enum`)
  return printType(type)
    .replaceAll(/"""[^]*?"""/g, '')
    .replaceAll(/\n\s*\n/g, '\n')
    .trim()
}
