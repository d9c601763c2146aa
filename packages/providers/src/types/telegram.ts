import type { Update } from '@grammyjs/types'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Telegram with their payloads, from the optional peer dependency `@grammyjs/types`. A payload is an Update
 * with `update_id` and one more member, whose name is the topic.
 *
 * @example
 * const receiver = createReceiver({ provider: telegram<TelegramEvents>({ secretToken }) })
 * receiver.on('callback_query', (event) => console.log(event.payload.callback_query.data))
 */
export type TelegramEvents = Installed<keyof Update, '@grammyjs/types', Events>

type Events = {
  [K in Exclude<keyof Update, 'update_id'>]: Pick<Update, 'update_id'> & Required<Pick<Update, K>>
}
