import { figmaClient, figmaWebhooks, type FigmaContext } from './clients/figma.ts'
import { defineRegistrar, newSecret } from './common/define.ts'
import { memberIn, rows, asText, isSuccess, type Fields } from './common/read.ts'
import { failedAt, restEndpoints } from './common/rest.ts'
import { RegistrarError } from './errors.ts'
import type { Registrar } from './registrar.ts'

export type { FigmaContext }

/**
 * Manages the webhooks of a team, a project or a file at Figma, one per event type. The secret for `apply` is the
 * passcode, which Figma sends in each delivery. Figma requires the passcode for each change, so a plan replaces a
 * webhook to change its URL.
 *
 * API: https://developers.figma.com/docs/rest-api/webhooks, and its description in the npm package
 * `@figma/rest-api-spec`.
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
    names: {
      known: EVENTS,
      manual: (pattern) =>
        pattern === 'PING' ? 'Figma sends it when a webhook is made' : undefined,
    },
    ...restEndpoints(call, {
      title: 'Figma',
      path: PATH,
      list: async () => ({ items: await figmaWebhooks(call, options), next: undefined }),
      url: 'endpoint',
      topics: ({ event_type }) => [asText(event_type)],
      on: { status: 'ACTIVE' },
      create({ url, topics: [event_type = ''], secret = '' }) {
        const owner = { context, context_id: contextId }
        const json = { event_type, ...owner, endpoint: url, passcode: secret, status: 'ACTIVE' }
        return { json, secrets: [secret] }
      },
      change,
    }),
    async failures({ id }) {
      const { json } = await call('GET', `${PATH}/${id}/requests`)
      return rows(memberIn(json, 'requests'), 'Figma')
        .filter((request) => !isSuccess(memberIn(request, 'response_info.status')))
        .map((request) =>
          failedAt(
            memberIn(request, 'request_info.sent_at'),
            memberIn(request, 'response_info.status'),
            request['error_msg'],
          ),
        )
    },
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
