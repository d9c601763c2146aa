import { expect, test } from 'vitest'
import { intercom } from '../src/intercom.ts'
import { deliver } from './deliver.ts'

test('intercom: HEAD gets its 200, and a ping has no id', async () => {
  const provider = intercom({ clientSecret: 'secret' })
  const head = { method: 'HEAD', url: 'https://example.com/' }
  const ping = provider.sign!({ topic: 'ping', payload: { id: null } })
  const { statuses, events } = await deliver(provider, [head, ping])
  expect(statuses).toEqual([200, 200])
  expect(events.map(({ id, topic }) => ({ id, topic }))).toEqual([{ id: undefined, topic: 'ping' }])
})
