import { expect, test } from 'vitest'
import { discord } from '../src/discord.ts'
import { accepting } from './accepting.ts'

const sign = {
  secrets: [`private:${'9d'.repeat(32)}`, `private:${'4c'.repeat(32)}`],
  draft: { topic: 'APPLICATION_COMMAND.deploy', id: '1200000000000000001', payload: {} },
} as const

test('both signed PINGs get their own answers, and events get 204', async () => {
  const provider = discord({ publicKey: sign.secrets[0] })
  const { receiver, topics } = accepting(provider)
  const reply = (payload: object) =>
    receiver.receive(provider.sign!({ body: JSON.stringify(payload) }))
  expect(await reply({ type: 1, id: '1', token: 't', application_id: '2' })).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"type":1}',
  })
  expect(await reply({ version: 1, application_id: '2', type: 0 })).toMatchObject({ status: 204 })
  expect(topics).toEqual([])
  const event = { type: 'ENTITLEMENT_CREATE', timestamp: '2024-10-18T14:42:53', data: {} }
  expect(await reply({ version: 1, application_id: '2', type: 1, event })).toEqual({ status: 204 })
  expect(await reply({ type: 1, event })).toEqual({ status: 204 })
  expect(topics).toEqual(['ENTITLEMENT_CREATE', 'ENTITLEMENT_CREATE'])
})

test('a key that is not 32 bytes of hex is rejected', () => {
  for (const publicKey of ['abc', 'zz'.repeat(32), '9d'.repeat(31)])
    expect(() => discord({ publicKey })).toThrow(/publicKey.*32 bytes in hex/)
})
