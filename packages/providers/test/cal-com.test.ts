import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { calComEntry } from '../src/entries/cal-com.ts'
import { calCom } from '../src/cal-com.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['cal-secret', 'another'],
  draft: { topic: 'PING', id: 'PING:bFJe:2023-05-24T09:30:00.538Z', payload: {} },
} as const

testProvider({ ...calComEntry, vectors: vectors('cal.com'), sign }, { describe, test })

test('a payload template of your own may leave everything out', async () => {
  const provider = calCom({ secret: 'cal-secret' })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { events } = await deliver(provider, [
    provider.sign!({ body: '{"title":"x"}' }),
    provider.sign!({ body: 'triggerEvent=BOOKING_PAID&uid=1', headers }),
  ])
  expect(events.map(({ id, topic }) => [id, topic])).toEqual([
    [undefined, 'custom'],
    [undefined, 'BOOKING_PAID'],
  ])
})
