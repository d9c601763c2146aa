import { expect, test } from 'vitest'
import { inlineInbox, memoryInbox, type ReceiverOptions } from '../../src/index.ts'
import type { Inbox } from '../../src/inbox/index.ts'
import { acme, setup, type Setup } from '../acme.ts'

type Options = Partial<ReceiverOptions> & { readonly guard?: string }

/**
 * Creates a receiver whose provider sends each change twice: as `ping`, and as `v1.ping` with the id of that `ping`.
 */
function twins(inbox: Inbox, { guard, ...options }: Options = {}): Setup {
  const provider = acme({
    events(delivery, { value }) {
      const id = delivery.header('x-acme-id')!
      const topic = delivery.header('x-acme-topic')!
      const of = (value as { of?: string }).of
      const twin =
        of === undefined ? { id, topic: `v1.${topic}` } : { id: of, topic: topic.slice(3) }
      const guards = [{ key: guard ?? id, otherwise: 'duplicate' as const }]
      return [{ id, topic, payload: value, twin, guards }]
    },
  })
  return setup({ provider, inbox, ...options })
}

const snapshot = { id: 'a', topic: 'ping', payload: {} }
const thin = { id: 'b', topic: 'v1.ping', payload: { of: 'a' } }

const inboxes: readonly (readonly [string, () => Inbox])[] = [
  ['memoryInbox', () => memoryInbox()],
  ['inlineInbox', () => inlineInbox()],
]

for (const [name, make] of inboxes)
  for (const order of [
    [snapshot, thin],
    [thin, snapshot],
  ])
    test(`${name}: ${order[0]!.topic} first: a subscription of both topics gets only that`, async () => {
      const { receiver, heard, send } = twins(make())
      const seen: string[] = []
      receiver.on(['ping', 'v1.ping'], { name: 'both' }, ({ id }, { idempotencyKey }) => {
        seen.push(`both ${id} ${idempotencyKey}`)
      })
      receiver.on('ping', { name: 'old' }, ({ id }) => void seen.push(`old ${id}`))
      receiver.on('v1.ping', { name: 'shadow' }, ({ id }) => void seen.push(`shadow ${id}`))
      for (const draft of [...order, ...order]) await send(draft)
      await heard.until('done', 3)
      await receiver.close()
      const both = seen.filter((each) => each.startsWith('both'))
      expect(both).toHaveLength(1)
      expect(both[0]).toContain(`both ${order[0]!.id}`)
      expect(seen.filter((each) => !each.startsWith('both')).toSorted()).toEqual([
        'old a',
        'shadow b',
      ])
      // The two events differ by design, which is not an id conflict.
      expect(heard.all('idConflict')).toEqual([])
    })

test('both at the same moment: one run', async () => {
  const { receiver, heard, send } = twins(memoryInbox())
  const seen: (string | undefined)[] = []
  receiver.on(['ping', 'v1.ping'], ({ id }) => void seen.push(id))
  await Promise.all([thin, snapshot, snapshot, thin].map(send))
  await heard.until('duplicate', 3)
  await receiver.close()
  expect(seen).toHaveLength(1)
  expect(heard.all('accepted')).toHaveLength(1)
})

test('a failed run is revived by either of the two', async () => {
  const { receiver, heard, send } = twins(memoryInbox())
  const seen: (string | undefined)[] = []
  receiver.on(['ping', 'v1.ping'], { retry: { attempts: 1 } }, ({ id }) => {
    seen.push(id)
    if (seen.length === 1) throw new Error('not yet')
  })
  await send(snapshot)
  await heard.until('dead')
  await send(thin)
  await heard.until('done')
  await receiver.close()
  expect(seen).toEqual(['a', 'a'])
})

test('another pair, another tenant, or no twin is nobody’s second', async () => {
  const { receiver, heard, send } = twins(memoryInbox())
  receiver.on(['ping', 'v1.ping'], () => {})
  for (const draft of [
    snapshot,
    { ...snapshot, id: 'c' },
    { ...thin, id: 'd', payload: { of: 'e' } },
  ])
    await send(draft)
  await heard.until('done', 3)
  await receiver.close()
})

test.each<[string, Options, string[]]>([
  ['a guard holds where all subscriptions are of both topics', { guard: 'once' }, ['a']],
  ['nothing is a duplicate with dedupe: none', { dedupe: 'none' }, ['a', 'a', 'b', 'c']],
])('%s', async (_, options, ids) => {
  const { receiver, heard, send } = twins(memoryInbox(), options)
  const seen: string[] = []
  receiver.on(['ping', 'v1.ping'], ({ id }) => void seen.push(id!))
  for (const draft of [snapshot, snapshot, thin, { ...snapshot, id: 'c' }]) await send(draft)
  await heard.until('done', ids.length)
  await receiver.close()
  expect(seen.toSorted()).toEqual(ids)
})
