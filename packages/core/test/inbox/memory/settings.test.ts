import { expect, test } from 'vitest'
import { memoryInbox } from '../../../src/index.ts'
import { setup } from '../../acme.ts'

test.each([
  ['keepDead', { keepDead: 1000 }, /unknown option keepDead/],
  ['maxPendng', { maxPendng: 1 }, /did you mean maxPending\?/],
  ['window', { window: 345_600_000 }, /window must be a time with its unit such as '4d'/],
  ['hold', { hold: 0 }, /hold must be at least a millisecond/],
  ['maxWaitingBytes', { maxWaitingBytes: '1' }, /maxWaitingBytes must be a whole number/],
])('%s is refused', (_, options, message) => {
  expect(() => memoryInbox(options as never)).toThrow(TypeError)
  expect(() => memoryInbox(options as never)).toThrow(message)
})

test('a dead task that is dropped is told, once an hour', async () => {
  let now = 1_000_000
  const { receiver, heard, send } = setup({ inbox: memoryInbox({ maxDead: 1 }), now: () => now })
  receiver.on('ping', { retry: { attempts: 1 } }, () => {
    throw new Error('no')
  })
  for (const id of ['e1', 'e2', 'e3']) await send({ id })
  await heard.until('dead', 3)
  const told = (): readonly string[] => heard.all('warning').map(([, message]) => message)
  expect(told()).toEqual([expect.stringMatching(/dead task \d+ of ping was dropped.*maxDead is 1/)])
  now += 3_600_000
  await send({ id: 'e4' })
  await heard.until('dead', 4)
  expect(told()).toHaveLength(2)
})
