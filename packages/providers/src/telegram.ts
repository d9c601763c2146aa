import { WebhookError } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import { token, type Factory, type Scheme } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { member } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

const SCHEME: Scheme<string> = {
  ...token({ header: 'X-Telegram-Bot-Api-Secret-Token' }),
  key(secret) {
    if (/^[\w-]{1,256}$/.test(secret)) return secret
    throw new TypeError('the secret token must be 1 to 256 of A-Z, a-z, 0-9, _ and -')
  },
}

/**
 * Telegram Bot API. Telegram sends the secret token unchanged in `X-Telegram-Bot-Api-Secret-Token`, so the token proves
 * nothing about the body. The topic is the name of the Update's member with the data (`message`, `callback_query`). The
 * id is `update_id`. Two bots may use the same numbers, so if bots share a route, give each secret its own `tenant`.
 * Telegram runs a JSON reply that has a `method`, so the reply is empty unless you give one with `receiver.answer`.
 * Telegram retries until it gets a 2xx, for up to 24 hours.
 *
 * Types: `telegram<TelegramEvents>({ secretToken })` with `@postern/providers/types/telegram`.
 * https://core.telegram.org/bots/api#setwebhook
 */
export const telegram: Factory<PresetOptions<'secretToken'>> = /* @__PURE__ */ sender({
  name: 'telegram',
  title: 'Telegram',
  docs: 'https://core.telegram.org/bots/api#setwebhook',
  setup: { call: 'setWebhook, with url', secret: 'the secret_token that you give to setWebhook' },
  notSecret: [[/^\d{6,}:[\w-]{30,}$/, 'the token of the bot']],
  topics: ['message', 'edited_message', 'callback_query', 'inline_query', 'my_chat_member'],
  checked: '2026-11-28',
  delivers: { retries: DAY, after4xx: 'retried', ok: '2xx' },
  secret: 'secretToken',
  covers: { body: 'none' },
  sign: () => SCHEME,
  events(delivery, { value }) {
    const id = member(delivery.json('exact'), 'update_id')
    const topic = Object.keys(value ?? {}).find((name) => name !== 'update_id')
    if (id === undefined || topic === undefined)
      throw new WebhookError('malformed_event', {
        problem: 'no_event',
        expected: 'an Update with update_id and content',
      })
    return [{ id, topic, payload: value }]
  },
  compose: ({ topic = 'message', id, payload }) => ({
    body: stringifyJson({ update_id: BigInt(id ?? Date.now()), [topic]: payload ?? {} }),
  }),
})
