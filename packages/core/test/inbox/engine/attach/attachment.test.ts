import { describe, expect, test } from 'vitest'
import { attachment, type Consumer, type Side } from '../../../../src/inbox/engine/index.ts'

function consumer(receiver: string, retrySpan = 0): Consumer {
  return {
    receiver,
    retrySpan,
    lanes: () => [],
    run: () => ({ kind: 'done' }),
    settled() {},
    warn() {},
    now: Date.now,
  }
}

function make(options: { window?: { option: string; time: number }; fails?: boolean } = {}) {
  const log: string[] = []
  const joined = attachment({
    inbox: 'myInbox',
    ...(options.window && { dedupeWindow: options.window }),
    join: ({ receiver }): Side => ({
      accept: () => (log.push(`accept ${receiver}`), ['new']),
      work: () => void log.push(`work ${receiver}`),
      look: () => void log.push(`look ${receiver}`),
      async close() {
        log.push(`close ${receiver}`)
        if (options.fails) throw new Error(`${receiver} would not close`)
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
  test('a second receiver of a name is rejected until the first is closed', async () => {
    const inbox = make()
    const port = inbox.attach(consumer('shop'))
    expect(() => inbox.attach(consumer('shop'))).toThrow(
      /myInbox already has a receiver named shop/,
    )
    await port.close!(Date.now())
    inbox.attach(consumer('shop'))
    expect(inbox.consumers().map(({ receiver }) => receiver)).toEqual(['shop'])
  })

  test('a window shorter than the retry span is rejected with its option', () => {
    const inbox = make({ window: { option: 'dedupeWindow', time: 1000 } })
    expect(() => inbox.attach(consumer('shop', 2000))).toThrow(
      'myInbox: dedupeWindow is 1000 ms, but the sender of shop delivers again for 2000 ms',
    )
    inbox.attach(consumer('shop', 1000))
  })

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

  test('look reaches those that are open', async () => {
    const inbox = make()
    const shop = inbox.attach(consumer('shop'))
    inbox.attach(consumer('bank'))
    await shop.close!(Date.now())
    inbox.look()
    expect(inbox.log).toEqual(['close shop', 'look bank'])
  })

  test('what is shared is closed though a side fails to, and its error is told', async () => {
    const inbox = make({ fails: true })
    inbox.attach(consumer('shop'))
    inbox.attach(consumer('bank'))
    await expect(inbox.close()).rejects.toThrow('shop would not close')
    expect(inbox.log).toEqual(['close shop', 'close bank', 'end'])
  })
})
