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

function make({ fails = false } = {}) {
  const log: string[] = []
  const joined = attachment({
    inbox: 'myInbox',
    join: ({ receiver }): Side => ({
      accept: () => (log.push(`accept ${receiver}`), ['new']),
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

  test('what is shared is closed though a side fails to, and its error is told', async () => {
    const inbox = make({ fails: true })
    inbox.attach(consumer('shop'))
    inbox.attach(consumer('bank'))
    await expect(inbox.close()).rejects.toThrow('shop would not close')
    expect(inbox.log).toEqual(['close shop', 'close bank', 'end'])
  })
})
