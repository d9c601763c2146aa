import { expect, test } from 'vitest'
import { calCom } from '../src/cal-com.ts'
import { deliver } from './deliver.ts'

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
