// Linear's webhooks, answered by graphql-js. The schema follows the types of npm @linear/sdk 98.0.0 (MIT),
// dist/index.d.mts.
import { buildSchema } from 'graphql'
import type { Fake } from './fake.ts'
import { startGraphql } from './graphql.ts'
import { pageOf } from './rows.ts'

export const LINEAR_TOKEN = 'lin_api_fake0123456789fake0123456789'

const schema = buildSchema(`
  type Query {
    webhooks(after: String, before: String, first: Int, includeArchived: Boolean, last: Int): WebhookConnection!
    webhook(id: String!): Webhook!
  }
  type Mutation {
    webhookCreate(input: WebhookCreateInput!): WebhookPayload!
    webhookUpdate(id: String!, input: WebhookUpdateInput!): WebhookPayload!
    webhookDelete(id: String!): DeletePayload!
    webhookRotateSecret(id: String!): WebhookRotateSecretPayload!
  }
  type Webhook {
    allPublicTeams: Boolean! enabled: Boolean! failures: [WebhookFailureEvent!]! id: ID! label: String
    resourceTypes: [String!]! secret: String team: Team teamIds: [String!] url: String
  }
  type Team { id: ID! }
  type WebhookFailureEvent { createdAt: String! executionId: String! httpStatus: Float id: ID! responseOrError: String url: String! }
  type WebhookConnection { nodes: [Webhook!]! pageInfo: PageInfo! }
  type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
  type WebhookPayload { lastSyncId: Float! success: Boolean! webhook: Webhook! }
  type DeletePayload { entityId: String! lastSyncId: Float! success: Boolean! }
  type WebhookRotateSecretPayload { lastSyncId: Float! secret: String! success: Boolean! }
  input WebhookCreateInput {
    allPublicTeams: Boolean enabled: Boolean id: String label: String resourceTypes: [String!]! secret: String
    teamId: String url: String!
  }
  input WebhookUpdateInput { enabled: Boolean label: String resourceTypes: [String!] secret: String url: String }
`)

export async function startLinear(): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const webhooks: any[] = []
  const add = ({ teamId, ...input }: any): any => {
    const id = `00000000-0000-4000-8000-${String(next++).padStart(12, '0')}`
    const made = {
      id,
      enabled: true,
      secret: `lin_wh_${id}`,
      failures: [],
      allPublicTeams: false,
      ...input,
    }
    webhooks.push(teamId ? { ...made, team: { id: teamId } } : made)
    return webhooks.at(-1)
  }
  add({ url: 'https://stranger.example/hooks', resourceTypes: ['Issue'], allPublicTeams: true })
  const find = (id: string): any => {
    const found = webhooks.find((each) => each.id === id)
    if (!found) throw new Error('Entity not found: Webhook')
    return found
  }
  const done = { lastSyncId: 1, success: true }
  const rootValue = {
    webhooks: ({ first = 50, after }: any) => {
      const { data: nodes, more } = pageOf(webhooks, first, after, ({ id }) => id)
      const pageInfo = { hasNextPage: more, hasPreviousPage: false, endCursor: nodes.at(-1)?.id }
      return { nodes, pageInfo }
    },
    webhook: ({ id }: any) => find(id),
    webhookCreate: ({ input }: any) => {
      if (!input.url.startsWith('https://')) throw new Error('url must be https')
      if (!input.teamId === !input.allPublicTeams)
        throw new Error('one of teamId and allPublicTeams')
      return { ...done, webhook: add(input) }
    },
    webhookUpdate: ({ id, input }: any) => ({ ...done, webhook: Object.assign(find(id), input) }),
    webhookDelete: ({ id }: any) => {
      webhooks.splice(webhooks.indexOf(find(id)), 1)
      return { ...done, entityId: id }
    },
    webhookRotateSecret: ({ id }: any) => {
      find(id).secret += '_new'
      return { ...done, secret: find(id).secret }
    },
  }
  const error = { message: 'Authentication required', extensions: { type: 'authentication error' } }
  const fake = await startGraphql({
    source: 'npm @linear/sdk 98.0.0',
    licence: 'MIT',
    path: '/graphql',
    schema,
    rootValue,
    // API keys are sent without `Bearer`, which only OAuth tokens have.
    reject: ({ authorization }) =>
      authorization === LINEAR_TOKEN ? undefined : { status: 401, json: { errors: [error] } },
    invalid: (message) => ({ status: 400, json: { errors: [{ message }] } }),
  })
  return { ...fake, rows: webhooks }
}
