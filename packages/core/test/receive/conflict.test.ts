import { expect, test } from 'vitest'
import { createReceiver, memoryInbox } from '../../src/index.ts'
import type { EventRecord } from '../../src/inbox/engine/index.ts'
import type { InboxView, TaskQuery } from '../../src/inbox/index.ts'
import { createConflictWatch } from '../../src/receive/conflict.ts'
import { acme, throwing } from '../acme.ts'

test.each([
  ['', {}],
  [', sealed', { storage: { encryptionKey: Buffer.alloc(32, 5) } }],
])(
  'an id that comes again with another payload is a conflict, and a redelivery is none%s',
  async (_, more) => {
    let looked = (): void => {}
    const inbox = memoryInbox()
    const view = { ...inbox.view! }
    // The receiver looks for conflicts after its reply, and `get` is its last call of the inbox.
    inbox.view!.get = (id) => {
      setImmediate(() => looked())
      return view.get(id)
    }
    const conflicts: (string | undefined)[] = []
    let now = 0
    const receiver = createReceiver({
      provider: acme(),
      inbox,
      log: false,
      worker: 'onDemand',
      clock: { now: () => (now += 2000) },
      observers: [{ idConflict: ({ id }) => void conflicts.push(id) }],
      ...more,
    })
    receiver.on('ping', () => {})
    const send = (payload: object): Promise<unknown> =>
      receiver.receive(acme().sign!({ topic: 'ping', id: 'e1', payload }))
    await send({ total: 1 })
    for (const [total, expected] of [
      [1, []],
      [2, ['e1']],
    ] as const) {
      const done = new Promise<void>((resolve) => (looked = resolve))
      await send({ total })
      await done
      expect(conflicts).toEqual(expected)
    }
    await receiver.close()
  },
)

const EVENT: EventRecord = {
  key: ':e1',
  dedupe: true,
  id: 'e1',
  topic: 'ping',
  aliases: [],
  payload: { n: 1 },
  tenant: undefined,
  provider: 'acme',
}

/** Returns a view that has this event, and records its queries. */
function viewOf(
  kept: Partial<EventRecord> | undefined,
): Pick<InboxView, 'list' | 'get'> & { readonly asked: (TaskQuery | undefined)[] } {
  const asked: (TaskQuery | undefined)[] = []
  return {
    asked,
    list: (query) => {
      asked.push(query)
      const rows = kept ? [{ id: 't1' }] : []
      return { rows: rows as never, cursor: undefined, searchedTo: undefined }
    },
    get: () => (kept ? ({ record: { ...EVENT, ...kept } } as never) : undefined),
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test.each<[string, number, Partial<EventRecord> | undefined]>([
  ['another payload', 1, { payload: { n: 2 } }],
  ['another BigInt', 1, { payload: { n: 2n } }],
  ['the same payload', 0, { payload: { n: 1 } }],
  ['an event that is not kept', 0, undefined],
  ['an event of another key, from an inbox that ignores keys', 0, { key: ':e2', payload: 2 }],
  ['an event whose payload an operator edited', 0, { origin: ':e0', payload: { n: 2 } }],
  ['an event without its payload', 0, { payload: undefined }],
  ['an event that was erased', 0, { payload: null, erased: true }],
])('%s: %i conflicts', async (_, conflicts, kept) => {
  let found = 0
  const view = viewOf(kept)
  createConflictWatch('shop', view, () => 0)(EVENT, () => void found++)
  await settled()
  expect(found).toBe(conflicts)
  expect(view.asked).toEqual([{ receiver: 'shop', keys: [':e1'], limit: 1 }])
})

test('a sender that repeats all events causes one query a second', async () => {
  let now = 5000
  const view = viewOf(undefined)
  const watch = createConflictWatch('shop', view, () => now)
  for (const [passed, queries] of [
    [0, 1],
    [0, 1],
    [999, 1],
    [1, 2],
    [999, 2],
  ] as const) {
    now += passed
    watch(EVENT, () => {})
    await settled()
    expect(view.asked).toHaveLength(queries)
  }
})

test('an inbox that cannot be asked is no conflict', async () => {
  const view = viewOf({ payload: 2 })
  view.list = throwing(new Error('no connection'))
  let found = 0
  createConflictWatch('shop', view, () => 0)(EVENT, () => void found++)
  await settled()
  expect(found).toBe(0)
})
