import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { intercomEntry } from '../src/entries/intercom.ts'
import { intercom } from '../src/intercom.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['3a7b5c1e', '4b8c6d2f'],
  draft: {
    topic: 'contact.user.created',
    id: 'notif_1',
    payload: {},
  },
} as const

testProvider({ ...intercomEntry, vectors: vectors('intercom'), sign }, { describe, test })

test('intercom: HEAD gets its 200, and a ping has no id', async () => {
  const provider = intercom({ clientSecret: 'secret' })
  const head = { method: 'HEAD', url: 'https://example.com/' }
  const ping = provider.sign!({ topic: 'ping', payload: { id: null } })
  const { statuses, events } = await deliver(provider, [head, ping])
  expect(statuses).toEqual([200, 200])
  expect(events.map(({ id, topic }) => ({ id, topic }))).toEqual([{ id: undefined, topic: 'ping' }])
})
