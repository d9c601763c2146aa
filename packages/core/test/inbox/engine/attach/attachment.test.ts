import { describe, expect, test } from 'vitest'
import { attachment, type Consumer, type Side } from '../../../../src/inbox/engine/index.ts'

function consumer(receiver: string): Consumer {
  return {
    receiver,
    retrySpan: 0,
    lanes: () => [],
    run: () => ({ kind: 'done' }),
    settled() {},
    warn() {},
    now: Date.now,
  }
}

function make({ fails = false, ...options } = {} as { fails?: boolean; readOnly?: boolean }) {
  const log: string[] = []
  const joined = attachment({
    inbox: 'myInbox',
    ...options,
    join: ({ receiver }): Side => ({
      accept: () => (log.push(`accept ${receiver}`), ['new']),
      probe: () => void log.push(`probe ${receiver}`),
      look: () => void log.push(`look ${receiver}`),
      work: () => void log.push(`work ${receiver}`),
      async close() {
        log.push(`close ${receiver}`)
        if (fails) throw new Error(`${receiver} would not close`)
      },
    }),
    async close() {
      log.push('end')
    },
  })
  return { ...joined, log }
}

const NOTHING = { delivery: {} as never, items: [] }

describe('attachment', () => {
  test('work and close reach the side once, and nothing does after close began', async () => {
    const inbox = make()
    const port = inbox.attach(consumer('shop'))
    port.work!()
    port.work!()
    await port.accept(NOTHING, {})
    const closing = port.close!(Date.now())
    expect(() => port.accept(NOTHING, {})).toThrow(
      expect.objectContaining({ code: 'receiver_closed', problem: 'closed', got: 'myInbox' }),
    )
    port.work!()
    await Promise.all([closing, port.close!(Date.now())])
    await inbox.close()
    await inbox.close()
    expect(inbox.log).toEqual(['work shop', 'accept shop', 'close shop', 'end'])
    expect(() => inbox.attach(consumer('shop'))).toThrow('myInbox was closed')
  })

  test('a name is free again once its receiver closes, and who is closing is neither asked nor looked at', async () => {
    const inbox = make()
    const shop = consumer('shop')
    const port = inbox.attach(shop)
    inbox.attach(consumer('bank'))
    expect(() => inbox.attach(shop)).toThrow(
      new TypeError(
        'myInbox already has a receiver named shop: give each receiver a name of its own',
      ),
    )
    await port.probe!()
    inbox.look()
    const closing = port.close(Date.now())
    expect(() => port.probe!()).toThrow(expect.objectContaining({ code: 'receiver_closed' }))
    inbox.look()
    expect(inbox.consumers().map(({ receiver }) => receiver)).toEqual(['bank'])
    inbox.attach(shop)
    await closing
    await inbox.close()
    expect(inbox.log.slice(0, 5)).toEqual([
      'probe shop',
      'look shop',
      'look bank',
      'close shop',
      'look bank',
    ])
  })

  test('an inbox that only reads takes no receiver', () => {
    expect(() => make({ readOnly: true }).attach(consumer('shop'))).toThrow(
      new TypeError(
        'myInbox: readOnly must be false for a receiver, got true; leave readOnly out to attach receiver shop',
      ),
    )
  })

  test('what is shared is closed though a side fails to, and its error is told', async () => {
    const inbox = make({ fails: true })
    inbox.attach(consumer('shop'))
    inbox.attach(consumer('bank'))
    await expect(inbox.close()).rejects.toThrow('shop would not close')
    expect(inbox.log).toEqual(['close shop', 'close bank', 'end'])
  })
})
