import { expect, test } from 'vitest'
import { line } from '../src/line.ts'
import { deliver } from './deliver.ts'

test('line: the console verifies with a signed delivery of no events', async () => {
  const provider = line({ channelSecret: 'secret' })
  const body = '{"destination":"U1","events":[]}'
  const { statuses, events } = await deliver(provider, [provider.sign!({ body })])
  expect(statuses).toEqual([200])
  expect(events).toEqual([])
})
