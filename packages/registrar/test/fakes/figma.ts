// Figma's webhooks of a team, as described at https://developers.figma.com/docs/rest-api/webhooks.
import { load } from './description.ts'
import { startFake, type Fake } from './fake.ts'
import { rowsOf } from './rows.ts'

export const FIGMA_TOKEN = 'figd_fake0123456789fake0123456789'
export const FIGMA_TEAM = '123456'

export interface FigmaRequest {
  readonly id: string
  readonly sent_at: string
  readonly status: number | undefined
  readonly payload: object
}

export interface FigmaState {
  /** Requests of each webhook, newest first. */
  requests?: FigmaRequest[]
}

export async function startFigma(state: FigmaState = {}): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const missing = { status: 404, json: { err: 'Not found', status: 404 } }
  const { rows, one, changed, removed, ...webhooks } = rowsOf(missing, 'webhook_id')
  const add = (body: any): Record<string, any> => {
    const team_id = body.context === 'team' ? body.context_id : ''
    const more = { team_id, plan_api_id: 'plan', client_id: null, description: null }
    return webhooks.add({ status: 'ACTIVE', ...more, ...body, id: String(next++) })
  }
  add({
    event_type: 'FILE_UPDATE',
    context: 'team',
    context_id: FIGMA_TEAM,
    endpoint: 'https://stranger.example/hooks',
    passcode: 'theirs',
  })
  const fake = await startFake({
    description: load('figma'),
    reject: (headers) =>
      headers['x-figma-token'] === FIGMA_TOKEN || headers.authorization === `Bearer ${FIGMA_TOKEN}`
        ? undefined
        : { status: 401, json: { err: 'Invalid token', status: 401 } },
    invalid: (message) => ({ status: 400, json: { message, status: 400 } }),
    routes: {
      'GET /v2/webhooks': ({ query }) => ({
        json: {
          webhooks: rows.filter(
            (each) =>
              each['context'] === query['context'] && each['context_id'] === query['context_id'],
          ),
        },
      }),
      'POST /v2/webhooks': ({ body }) => {
        if (rows.length >= 20) return { status: 400, json: { message: 'too many webhooks' } }
        if (!body.endpoint.startsWith('https://') || body.passcode.length > 100)
          return { status: 400, json: { message: 'endpoint or passcode' } }
        return { json: add(body) }
      },
      'PUT /v2/webhooks/{webhook_id}': changed,
      'DELETE /v2/webhooks/{webhook_id}': removed((json) => ({ json })),
      'GET /v2/webhooks/{webhook_id}/requests': one((found) => {
        const requests = (state.requests ?? []).map(({ id, sent_at, status, payload }) => ({
          webhook_id: found['id'],
          request_info: {
            id,
            endpoint: found['endpoint'],
            sent_at,
            payload: { ...payload, passcode: found['passcode'] },
          },
          response_info:
            status === undefined ? null : { status: String(status), received_at: sent_at },
          error_msg: status === undefined ? 'ECONNREFUSED' : null,
        }))
        return { json: { requests } }
      }),
    },
  })
  return { ...fake, rows }
}
