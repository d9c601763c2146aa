import { describe, expect, test } from 'vitest'
import { telegram } from '../src/telegram.ts'
import { deliver } from './deliver.ts'

describe('telegram', () => {
  test('rejects a token setWebhook would not take', () => {
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
