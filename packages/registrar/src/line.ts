import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText } from './common/read.ts'
import { failedAt } from './common/rest.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link lineRegistrar}. */
export interface LineRegistrarOptions extends ApiOptions {
  /** A channel access token. */
  readonly token: Token
}

/**
 * Manages the webhook URL of a channel at LINE. LINE sends every event to this URL, so there are no topics to choose.
 * Turn the webhook on in LINE's console, because the API can only set the URL. The API cannot delete the URL, so
 * `remove` throws. Another receiver's URL is replaced only if `previousUrls` has that URL. LINE signs deliveries with
 * the channel secret.
 *
 * API: https://developers.line.biz/en/reference/messaging-api/#set-webhook-endpoint-url, and the types in the npm
 * package `@line/bot-sdk`.
 *
 * @example
 * const registrar = lineRegistrar({ token: process.env.LINE_CHANNEL_ACCESS_TOKEN! })
 */
export function lineRegistrar(options: LineRegistrarOptions): Registrar {
  const call = senderCall('lineRegistrar', options, { title: 'LINE', api: 'https://api.line.me' })
  const set = async (url: string): Promise<void> => {
    await call('PUT', PATH, { json: { endpoint: url } })
  }

  return defineRegistrar({
    provider: 'line',
    account: 'channel',
    kind: 'webhook endpoint',
    one: 'account',
    topics: 'fixed',
    names: { known: [], open: true, everything: '*' },
    async list() {
      // If the channel has no URL yet, LINE answers 404.
      const { json } = await call('GET', PATH, { allow: [404] })
      const url = asText(row(json)['endpoint'])
      if (url === '') return []
      const enabled = row(json)['active'] === true
      return [{ id: 'channel', url, topics: [], enabled, state: 'active' }]
    },
    async create({ url }) {
      await set(url)
      return { id: 'channel' }
    },
    update: (_endpoint, { url }) => set(url),
    async failures({ url }) {
      const { json } = await call('POST', '/v2/bot/channel/webhook/test', {
        json: { endpoint: url },
      })
      const { success, timestamp, statusCode, reason, detail } = row(json)
      if (success === true) return []
      const text = `${asText(reason)}: ${asText(detail)}`
      return { delivering: false, failures: [failedAt(timestamp, statusCode, text)] }
    },
  })
}

const PATH = '/v2/bot/channel/webhook/endpoint'
