import { describe, expect, test } from 'vitest'
import { telegramRegistrar } from '../src/telegram.ts'
import { testRegistrar } from './contract.ts'
import { TELEGRAM_TOKEN, startTelegram } from './fakes/telegram.ts'
import { opened } from './fakes/opened.ts'

testRegistrar('Telegram', {
  start: () => startTelegram(),
  make: (options, token) => telegramRegistrar({ ...options, token }),
  token: TELEGRAM_TOKEN,
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

describe('restore', () => {
  const secret = 'a-secret-of-the-receiver_0123456789'
  const [url, old] = ['https://app.example/telegram', 'https://old.example/telegram']

  test('puts a webhook back with all that it had', async () => {
    const fake = await opened(startTelegram())
    const registrar = telegramRegistrar({ api: fake.url, token: TELEGRAM_TOKEN })
    await registrar.apply(await registrar.plan({ url: old, topics: ['message'] }), { secret })
    fake.webhook().max_connections = 7
    const before = { ...fake.webhook() }
    const [taken] = await registrar.list()
    const plan = await registrar.plan({ url, topics: ['poll'], previousUrls: [old] })
    await registrar.apply(plan, { secret: 'another-secret_0123456789' })
    await expect(registrar.restore!(taken!)).rejects.toThrow('secret: must be given')
    expect(fake.webhook().url).toBe(url)
    await registrar.restore!(taken!, { secret })
    expect(fake.webhook()).toEqual(before)
  })

  test.for([{ has_custom_certificate: true }, { ip_address: '203.0.113.9' }])(
    'rejects %j before anything is changed, since Telegram does not tell it whole',
    async (own) => {
      const fake = await opened(startTelegram())
      const registrar = telegramRegistrar({ api: fake.url, token: TELEGRAM_TOKEN })
      await registrar.apply(await registrar.plan({ url: old, topics: ['message'] }), { secret })
      Object.assign(fake.webhook(), own, { url: 'https://nowhere.invalid/telegram' })
      const [taken] = await registrar.list()
      const changes = fake.changes()
      await expect(registrar.restore!(taken!, { secret, dryRun: true })).rejects.toMatchObject({
        code: 'invalid',
      })
      expect(fake.changes()).toBe(changes)
    },
  )
})
