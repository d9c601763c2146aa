import { afterEach, expect, test } from 'vitest'
import { memoryInbox, type Receiver } from '../../src/index.ts'
import type { Host } from '../../src/inbox/index.ts'
import { acme, setup } from '../acme.ts'

const provider = acme()
const opened: { readonly receiver: Receiver; readonly release: () => void }[] = []

afterEach(async () => {
  for (const { receiver, release } of opened.splice(0)) {
    release()
    await receiver.close()
  }
})

async function take(transaction: Host['transaction'], maxPending = 10) {
  const heard: string[] = []
  const { receiver } = setup({
    provider,
    inbox: memoryInbox({ maxPending }),
    observers: [
      {
        accepted: () => heard.push('accepted'),
        rejected: (_, error) => heard.push(`${error.code}: ${error.message}`),
      },
    ],
  })
  const held = Promise.withResolvers<void>()
  receiver.on('thing.*', () => held.promise)
  opened.push({ receiver, release: held.resolve })
  const deliver = (id: string, host: Host) =>
    receiver.receive(provider.sign!({ id, topic: 'thing.happened', payload: {} }), host)
  const { status } = await deliver('1', { transaction })
  return { status, heard, deliver }
}

test('the delivery is accepted, and told of, once the transaction has ended', async () => {
  const order: string[] = []
  const { status, heard } = await take(async (accept) => {
    order.push('begin')
    await accept({})
    order.push('stored')
    await new Promise((resolve) => setImmediate(resolve))
    order.push('commit')
  })
  expect(status).toBe(200)
  expect(order).toEqual(['begin', 'stored', 'commit'])
  expect(heard).toEqual(['accepted'])
})

test('a transaction that rejects rejects the delivery', async () => {
  const { status, heard } = await take(async (accept) => {
    await accept({})
    throw new Error('COMMIT failed')
  })
  expect(status).toBe(503)
  expect(heard).toEqual([expect.stringContaining('inbox_unavailable: COMMIT failed')])
})

test('an inbox that rejects decides, also if the app catches its error', async () => {
  const { deliver, heard } = await take(async (accept) => accept({}), 1)
  const transaction: Host['transaction'] = async (accept) => {
    try {
      await accept({})
    } catch {
      // Imitates an app that catches and logs the error.
    }
  }
  expect((await deliver('2', { transaction })).status).toBe(503)
  expect(heard.at(-1)).toContain('inbox_full')
})

test('a transaction that ends without accept is no 200, and says what is missing', async () => {
  const { status, heard } = await take(async () => {})
  expect(status).toBe(503)
  expect(heard).toEqual([
    expect.stringContaining('the transaction ended without accept; await accept('),
  ])
})

test('accept is for one transaction', async () => {
  const { status, heard } = await take(async (accept) => {
    await accept({})
    await accept({})
  })
  expect(status).toBe(503)
  expect(heard).toEqual([expect.stringContaining('call accept only once')])
})
