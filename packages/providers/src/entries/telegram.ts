import { telegram } from '../telegram.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Telegram in the catalogue. */
export const telegramEntry: CatalogueEntry = {
  name: 'telegram',
  title: 'Telegram',
  docs: 'https://core.telegram.org/bots/api#setwebhook',
  create: telegram,
  secretOption: 'secretToken',
  options: { secretToken: 'The secret_token given to setWebhook.' },
  topics: ['message', 'edited_message', 'callback_query', 'inline_query', 'my_chat_member'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}
