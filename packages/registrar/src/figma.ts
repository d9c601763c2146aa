import { deleteAt } from './common/client.ts'
import { defineRegistrar, newSecret } from './common/define.ts'
import { figmaClient, figmaWebhooks, type FigmaContext } from './clients/figma.ts'
import { mapTopics } from './common/map.ts'
import { endpointId, row, rows, asText, type Fields } from './common/read.ts'
import { RegistrarError } from './errors.ts'
import type { Endpoint, Registrar } from './registrar.ts'

export type { FigmaContext }

/**
 * Manages the webhooks of a team, a project or a file at Figma, one per event type. The secret for `apply` is the
 * passcode, which Figma sends in each delivery. Figma requires the passcode for each change, so a plan replaces a
 * webhook to change its URL.
 *
 * API: https://developers.figma.com/docs/rest-api/webhooks, as described in npm
 * @figma/rest-api-spec.
 *
 * @example
 * const registrar = figmaRegistrar({ token: process.env.FIGMA_TOKEN!, context: 'team', contextId: '123' })
 */
export function figmaRegistrar(options: FigmaContext): Registrar {
  const call = figmaClient('figmaRegistrar', options)
  const { context, contextId } = options

  return defineRegistrar({
    provider: 'figma',
    account: `${context} ${contextId}`,
    kind: 'webhook',
    one: 'topic',
    secret: 'given',
    map: (patterns) =>
      mapTopics(patterns, {
        known: EVENTS,
        manual: (pattern) =>
          pattern === 'PING' ? 'Figma sends it when a webhook is made' : undefined,
      }),
    list: async () => (await figmaWebhooks(call, options)).map(toEndpoint),
    async create({ url, topics: [event_type = ''], secret = '' }) {
      const owner = { context, context_id: contextId }
      const json = { event_type, ...owner, endpoint: url, passcode: secret, status: 'ACTIVE' }
      const answer = await call('POST', PATH, { json, secrets: [secret] })
      return { id: endpointId(row(answer.json)['id'], 'Figma') }
    },
    delete: deleteAt(call, PATH),
    async failures({ id }) {
      const { json } = await call('GET', `${PATH}/${id}/requests`)
      return rows(row(json)['requests'], 'Figma').flatMap((request) => {
        const status = Number(row(request['response_info'])['status'])
        if (status >= 200 && status < 300) return []
        const at = Date.parse(asText(row(request['request_info'])['sent_at']))
        const reason = asText(request['error_msg'])
        return [{ at, ...(status > 0 && { status }), ...(reason !== '' && { reason }) }]
      })
    },
    enable: (id) => change(id, { status: 'ACTIVE' }),
    async rotate(id, hand) {
      const secret = newSecret()
      await hand((await find(id))['endpoint'], secret)
      await change(id, { passcode: secret })
    },
  })

  async function find(id: string): Promise<Fields> {
    const found = (await figmaWebhooks(call, options)).find(
      (webhook) => asText(webhook['id']) === id,
    )
    if (found === undefined)
      throw new RegistrarError('not_found', `Figma: there is no webhook ${id}`)
    return found
  }

  async function change(id: string, more: Fields): Promise<void> {
    const { event_type, team_id, endpoint, passcode, status } = await find(id)
    const json = { event_type, team_id, endpoint, passcode, status, ...more }
    await call('PUT', `${PATH}/${id}`, { json, secrets: [asText(passcode), asText(json.passcode)] })
  }
}

const PATH = '/v2/webhooks'
const EVENTS = [
  'DEV_MODE_STATUS_UPDATE',
  'FILE_COMMENT',
  'FILE_DELETE',
  'FILE_UPDATE',
  'FILE_VERSION_UPDATE',
  'LIBRARY_PUBLISH',
]

function toEndpoint(webhook: Fields): Endpoint {
  return {
    id: asText(webhook['id']),
    url: asText(webhook['endpoint']),
    topics: [asText(webhook['event_type'])],
    enabled: webhook['status'] === 'ACTIVE',
    state: 'active',
  }
}
