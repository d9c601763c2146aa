import { expect, test } from 'vitest'
import { discord } from '../src/discord.ts'
import { deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

test('both signed PINGs get their own answers, and events get 204', async () => {
  const provider = discord({ publicKey: lawsOf('discord')!.secrets[0] })
  const event = { type: 'ENTITLEMENT_CREATE', timestamp: '2024-10-18T14:42:53', data: {} }
  const { replies, events } = await deliver(
    provider,
    [
      { type: 1, id: '1', token: 't', application_id: '2' },
      { version: 1, application_id: '2', type: 0 },
      { version: 1, application_id: '2', type: 1, event },
      { type: 1, event },
    ].map((payload) => provider.sign!({ body: JSON.stringify(payload) })),
  )
  expect(replies[0]).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"type":1}',
  })
  expect(replies[1]).toMatchObject({ status: 204 })
  expect(replies.slice(2)).toEqual([{ status: 204 }, { status: 204 }])
  expect(events.map(({ topic }) => topic)).toEqual(['ENTITLEMENT_CREATE', 'ENTITLEMENT_CREATE'])
})
