import { expect, test } from 'vitest'
import { createSeal, opened, type EventRecord } from '../../src/inbox/engine/index.ts'
import { memoryInbox, type ReceiverOptions } from '../../src/index.ts'
import type { Inbox } from '../../src/inbox/index.ts'
import { pinged, throwing } from '../acme.ts'

const KEY = Buffer.alloc(32, 5)

type Content = NonNullable<NonNullable<ReceiverOptions['storage']>['content']>

/** Returns what is kept of a done event with the payload `{ card: '4111', total: 5 }`, and the receiver's warnings. */
async function left(
  content: Content,
  storage: ReceiverOptions['storage'] = {},
): Promise<{ readonly payload: unknown; readonly key: string; readonly warnings: unknown[] }> {
  const inbox = memoryInbox()
  const stays: unknown[] = []
  const { receiver, heard, send } = pinged({
    inbox,
    worker: 'onDemand',
    storage: { content, ...storage },
  })
  await send({ id: 'e1', payload: { card: '4111', total: 5 } })
  const [task] = await receiver.tasks()
  const { record, delivery } = (await inbox.view!.get(task!.id))!
  expect(record.passing).toBe(true)
  // Imitates an inbox that keeps done events, and calls `keep` for each of them.
  inbox.view!.erase = ({ keys }, { keep } = {}) => {
    if (keys?.includes(record.key)) stays.push(keep!(record, delivery))
    return { count: stays.length, cursor: undefined }
  }
  await receiver.runDue()
  const warnings = heard.all('warning').map(([, message]) => message)
  return { payload: stays[0], key: record.key, warnings }
}

function unsealed(payload: unknown, key: string): EventRecord {
  const event = { payload, key, erased: true } as EventRecord
  return opened(createSeal(KEY), { event, delivery: undefined as never }).event
}

const total = ({ total: kept }: { total: number }): object => ({ total: kept })

test('of the payload of a done event stays what the function returns', async () => {
  expect(await left(total)).toMatchObject({ payload: { total: 5 }, warnings: [] })
})

test('a sealed payload is opened for the function, and its result is sealed', async () => {
  const { payload, key, warnings } = await left(total, { encryptionKey: KEY })
  expect(payload).toBeTypeOf('string')
  const event = unsealed(payload, key)
  expect(event).toMatchObject({ id: 'e1', topic: 'ping', payload: { total: 5 }, erased: true })
  expect(event).not.toHaveProperty('source')
  expect(event).not.toHaveProperty('passing')
  expect(warnings).toEqual([])
})

test.each([{}, { encryptionKey: KEY }])('nothing stays with false: %o', async (options) => {
  expect(await left(false, options)).toMatchObject({ payload: null, warnings: [] })
})

test.each([undefined, null])('nothing stays if the function returns %o', async (returned) => {
  expect(await left(() => returned)).toMatchObject({ payload: null, warnings: [] })
  const { payload, key, warnings } = await left(() => returned, { encryptionKey: KEY })
  expect(unsealed(payload, key)).toMatchObject({ payload: null, erased: true })
  expect(warnings).toEqual([])
})

test.each<[string, () => unknown]>([
  ['throws', throwing(new Error('a bug'))],
  ['returns a promise', async () => ({ total: 5 })],
  [
    'returns what no inbox can store',
    () => {
      const circle: Record<string, unknown> = {}
      return (circle['self'] = circle)
    },
  ],
])('nothing stays if the function %s, and it is warned of', async (_, body) => {
  for (const options of [{}, { encryptionKey: KEY }]) {
    const { payload, warnings } = await left(body, options)
    expect(payload).toBeNull()
    expect(warnings).toEqual([expect.stringMatching(/^storage\.content failed, .* event :e1: /)])
  }
})

test('the contents of events whose task was deleted, or folded into another, are asked for too', async () => {
  const inbox = memoryInbox()
  let consumer: Parameters<Inbox['attach']>[0]
  const attach: Inbox['attach'] = (given) => inbox.attach((consumer = given))
  const { receiver, send } = pinged({
    inbox: { ...inbox, attach },
    worker: 'onDemand',
    storage: { content: false },
  })
  await send({ id: 'e1' })
  const [task] = await receiver.tasks()
  const erased: unknown[] = []
  inbox.view!.erase = ({ keys }) => {
    if (keys) erased.push(...keys)
    return { count: 0, cursor: undefined }
  }
  await inbox.view!.delete({ id: task!.id })
  for (const passing of ['k', undefined])
    consumer!.folded!({ subscription: 'ping', task: 't', into: 'u', passing })
  await receiver.close()
  expect(erased).toEqual([':e1', 'k'])
})
