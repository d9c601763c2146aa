// LINE's webhook endpoint of a channel, as described at https://developers.line.biz/en/reference/messaging-api.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { bearer, described, object } from './schema.ts'

export const LINE_TOKEN = 'fake0123456789fake0123456789fake/line='

export interface LineState {
  /** Status that LINE gets when it tests the URL. */
  status?: number
}

export async function startLine(
  state: LineState = {},
): Promise<Fake & { readonly state: LineState }> {
  let endpoint: string | undefined
  const url = { type: 'string', maxLength: 500, pattern: '^https://' }
  const error = (status: number, message: string): FakeAnswer => ({ status, json: { message } })
  const fake = await startFake({
    ...described('npm @line/bot-sdk 11.0.0, dist/messaging-api/model', 'Apache-2.0', {
      'GET /v2/bot/channel/webhook/endpoint': () =>
        endpoint ? { json: { endpoint, active: true } } : error(404, 'Webhook endpoint not found'),
      'PUT /v2/bot/channel/webhook/endpoint': {
        body: object({ endpoint: url }),
        answer: ({ body }) => {
          endpoint = body.endpoint
          return { json: {} }
        },
      },
      'POST /v2/bot/channel/webhook/test': {
        body: object({ 'endpoint?': url }),
        answer: () => {
          const statusCode = state.status ?? 200
          const success = statusCode === 200
          const more = {
            timestamp: '2026-01-01T00:00:00Z',
            reason: success ? 'OK' : 'ERROR_STATUS_CODE',
          }
          return { json: { success, statusCode, detail: String(statusCode), ...more } }
        },
      },
    }),
    reject: bearer(LINE_TOKEN, { message: 'Authentication failed.' }),
    invalid: (message) => error(400, message),
    reads: (method) => method !== 'PUT',
  })
  return { ...fake, state }
}
