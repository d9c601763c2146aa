import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { telegramEntry } from '../src/entries/telegram.ts'
import { telegram } from '../src/telegram.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['Abc-123_xyz', 'Xyz-321_abc'],
  draft: {
    topic: 'message',
    id: '9007199254740993',
    payload: {},
  },
} as const

testProvider({ ...telegramEntry, vectors: vectors('telegram'), sign }, { describe, test })

describe('telegram', () => {
  test('refuses a token setWebhook would not take', () => {
    for (const secretToken of ['with space', 'colon:ed', 'x'.repeat(257)])
      expect(() => telegram({ secretToken })).toThrow('secretToken')
  })

  test('answers with nothing, since a JSON reply would be run, and strips the token', async () => {
    const provider = telegram({ secretToken: 'Abc-123_xyz' })
    const { replies, events } = await deliver(provider, [provider.sign!({ topic: 'message' })])
    expect(replies).toEqual([{ status: 200 }])
    expect(JSON.stringify(events)).not.toContain('Abc-123_xyz')
  })
})
