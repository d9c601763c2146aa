import { telegramRegistrar } from '../src/telegram.ts'
import { testRegistrar } from './contract.ts'
import { TELEGRAM_TOKEN, startTelegram } from './fakes/telegram.ts'

testRegistrar('Telegram', {
  start: () => startTelegram(),
  make: (options, token) => telegramRegistrar({ ...options, token }),
  token: TELEGRAM_TOKEN,
  url: 'https://app.example/telegram',
  old: 'https://old.example/telegram',
  patterns: ['message', 'callback_query'],
  topics: ['callback_query', 'message'],
  others: ['message', 'poll'],
  apply: { secret: 'a-secret-of-the-receiver_0123456789' },
  single: true,
  lacks: ['foreign'],
  limited: (seconds) => ({
    status: 429,
    json: {
      ok: false,
      error_code: 429,
      description: 'Too Many Requests',
      parameters: { retry_after: seconds },
    },
  }),
  secretOf: (fake) => fake.webhook().secret_token,
  fail(fake) {
    Object.assign(fake.webhook(), {
      last_error_date: 1_700_000_000,
      last_error_message: 'Wrong response',
    })
    return { at: 1_700_000_000_000, reason: 'Wrong response' }
  },
})
