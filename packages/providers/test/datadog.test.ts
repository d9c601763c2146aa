import { expect, test } from 'vitest'
import { datadog } from '../src/datadog.ts'
import { deliver } from './deliver.ts'

test('ids are kept to the last digit, forms are read, and your template names the fields', async () => {
  const provider = datadog({ secret: 's', topicField: 'transition', idField: 'event.id' })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { events } = await deliver(provider, [
    provider.sign!({ body: '{"transition":"Triggered","event":{"id":7515439124875093421}}' }),
    provider.sign!({ body: 'transition=Recovered', headers }),
    provider.sign!({ body: '{}' }),
  ])
  expect(events.map(({ id, topic }) => [topic, id])).toEqual([
    ['Triggered', '7515439124875093421'],
    ['Recovered', undefined],
    ['event', undefined],
  ])
  expect(events[0]!.delivery.headers.map(([name]) => name)).not.toContain('x-webhook-secret')
})
