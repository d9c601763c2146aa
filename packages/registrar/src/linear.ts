import { senderCall, type ApiAnswer } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { connectionPage, graphqlClient, judgeGraphql } from './common/graphql.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, memberIn } from './common/read.ts'
import { endpointReader, everyRow, failedAt } from './common/rest.ts'
import type { Registrar } from './registrar.ts'
import { LINEAR_TOPICS } from './topics/linear.ts'

/** Options of {@link linearRegistrar}. */
export interface LinearRegistrarOptions extends ApiOptions {
  /** An API key (`lin_api_…`) of an admin, or an OAuth token with the scope `admin`. */
  readonly token: Token
  /** The id of one team. @default all public teams */
  readonly team?: string
}

/**
 * Manages the webhooks of a workspace at Linear. Linear subscribes to resources without their action: `Issue.create`
 * becomes `Issue`. Linear makes the secret. `rotate` invalidates the old secret at once. Until `onSecret` has stored
 * the new secret, the receiver rejects deliveries, which Linear retries three times. Linear cannot change the team of a
 * webhook, so a plan replaces the webhook.
 *
 * API: https://linear.app/developers/webhooks, and the types in the npm package `@linear/sdk`.
 *
 * @example
 * const registrar = linearRegistrar({ token: process.env.LINEAR_API_KEY! })
 */
export function linearRegistrar(options: LinearRegistrarOptions): Registrar {
  const { team } = options
  const call = senderCall('linearRegistrar', options, {
    title: 'Linear',
    api: 'https://api.linear.app',
    headers: (token) => ({
      authorization: token.startsWith('lin_api_') ? token : `Bearer ${token}`,
    }),
    judge: (answer) => judgeGraphql(answer, CODES, waitOf),
  })
  const ask = graphqlClient(call, '/graphql')

  return defineRegistrar({
    provider: 'linear',
    account: team === undefined ? 'all public teams' : `team ${team}`,
    kind: 'webhook',
    secret: 'readable',
    settings: { team: team ?? ALL },
    fixed: ['team'],
    names: {
      known: topicList(LINEAR_TOPICS),
      convert(pattern) {
        const [name = '', action] = pattern.split('.', 2)
        if (action === undefined || name.includes('*')) return undefined
        return { names: [name], wider: !/^\*\*?$/.test(action) }
      },
    },
    async list() {
      const all = await everyRow('Linear', async (after) =>
        connectionPage(await ask(LIST, { after }, 'webhooks'), 'Linear'),
      )
      return all.map(toEndpoint)
    },
    async create({ url, topics }) {
      const scope = team === undefined ? { allPublicTeams: true } : { teamId: team }
      const input = { url, resourceTypes: topics, label: 'Postern', ...scope }
      const made = row((await ask(CREATE, { input }, 'webhookCreate'))['webhook'])
      return { id: endpointId(made['id'], 'Linear'), secret: asText(made['secret']) }
    },
    async update({ id }, { url, topics }) {
      await ask(UPDATE, { id, input: { url, resourceTypes: topics } }, 'webhookUpdate')
    },
    async delete({ id }) {
      await ask(DELETE, { id }, 'webhookDelete')
    },
    async enable(id) {
      await ask(UPDATE, { id, input: { enabled: true } }, 'webhookUpdate')
    },
    async failures({ id }) {
      const { failures } = await ask(FAILURES, { id }, 'webhook')
      return rows(failures, 'Linear').map((each) => failedAt(each['createdAt'], each['httpStatus']))
    },
    async reveal(id, hand) {
      const { url, secret } = await ask(FIND, { id }, 'webhook')
      await hand(url, secret)
    },
    async rotate(id, hand) {
      const { url } = await ask(FIND, { id }, 'webhook')
      const { secret } = await ask(ROTATE, { id }, 'webhookRotateSecret')
      await hand(url, secret)
    },
  })
}

const ALL = 'all public teams'
/** Linear's error codes. An error has its code in `type` (the first spelling) or in `code` (the second spelling). */
const CODES = {
  denied: ['authentication error', 'AUTHENTICATION_ERROR'],
  limited: ['ratelimited', 'RATELIMITED'],
}

const LIST = `query ($after: String) {
  webhooks(first: 100, after: $after) {
    nodes { id url enabled resourceTypes allPublicTeams team { id } }
    pageInfo { hasNextPage endCursor }
  }
}`
const FIND = 'query ($id: String!) { webhook(id: $id) { url secret } }'
const FAILURES = 'query ($id: String!) { webhook(id: $id) { failures { createdAt httpStatus } } }'
const CREATE = `mutation ($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { webhook { id secret } }
}`
const UPDATE = `mutation ($id: String!, $input: WebhookUpdateInput!) {
  webhookUpdate(id: $id, input: $input) { success }
}`
const DELETE = 'mutation ($id: String!) { webhookDelete(id: $id) { success } }'
const ROTATE = 'mutation ($id: String!) { webhookRotateSecret(id: $id) { secret } }'

/**
 * Returns the milliseconds to wait. The header says when the limit is reset, in milliseconds since 1970.
 * https://linear.app/developers/rate-limiting
 */
function waitOf({ headers }: ApiAnswer): number {
  const after = Number(headers.get('retry-after') ?? NaN)
  if (after >= 0) return after * 1000
  const reset = Number(headers.get('x-ratelimit-requests-reset') ?? NaN)
  return Math.max(1000, (reset || Date.now()) - Date.now())
}

const toEndpoint = endpointReader({
  url: 'url',
  topics: 'resourceTypes',
  on: { enabled: true },
  settings: {
    team: (webhook) =>
      webhook['allPublicTeams'] === true ? ALL : asText(memberIn(webhook, 'team.id')),
  },
})
