import { expect, test } from 'vitest'
import { createReceiver, memoryInbox } from '../../src/index.ts'
import { acme } from '../acme.ts'

test.each([
  ['', {}],
  [', sealed', { seal: Buffer.alloc(32, 5) }],
])(
  'an id that comes again with another payload is a conflict, and a redelivery is none%s',
  async (_, more) => {
    let looked = (): void => {}
    const inbox = memoryInbox()
    const view = { ...inbox.view! }
    // The watch looks behind the reply: `get` is the last that it asks of the inbox.
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
      work: 'drain',
      now: () => (now += 2000),
      observers: [{ conflict: ({ id }) => void conflicts.push(id) }],
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
