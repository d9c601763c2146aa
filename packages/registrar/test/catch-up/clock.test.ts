// Takes 15 s.
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { catchUp, type PayloadSource } from '../../src/index.ts'

const HOUR = 3_600_000
const SINCE = Date.now() - 2 * HOUR

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

test.each([HOUR, -HOUR])(
  'a step of the wall clock by %i ms takes no catch-up from a process that is at it',
  async (step) => {
    const { receiver } = shop()
    const { source, reading, recover } = slow()
    const first = catchUp(receiver, source, { since: SINCE })
    await reading
    vi.setSystemTime(Date.now() + step)
    await expect(catchUp(receiver, source, { since: SINCE })).rejects.toMatchObject({
      code: 'in_progress',
    })
    recover()
    expect(await first).toMatchObject({ complete: true, failed: 0 })
    await receiver.close()
  },
  30_000,
)

test('a process that died is seen to be gone, although the wall clock was set back', async () => {
  const { receiver, records } = shop()
  const { source, reading, recover } = slow()
  recover()
  await catchUp(receiver, source, { since: SINCE })
  await reading
  const [found] = await records.list('catch-up:')
  const { key, value, version } = found!
  // Makes the record look as if a process had died just after it renewed its lease.
  const held = { ...(value as object), alive: Date.now(), ended: false, owner: 'of a dead process' }
  expect(await records.set(key, held, version)).toBe(true)
  vi.setSystemTime(Date.now() - HOUR)
  expect(await catchUp(receiver, source, { since: SINCE })).toMatchObject({ complete: true })
  await receiver.close()
})

function shop(): { readonly receiver: Receiver; readonly records: Records } {
  const inbox = memoryInbox()
  const provider = github({ secret: 'a secret of these tests' })
  const receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', () => {})
  return { receiver, records: inbox.records! }
}

/** Creates a source with one event, whose answer waits for `recover`. */
function slow(): {
  readonly source: PayloadSource
  readonly reading: Promise<void>
  readonly recover: () => void
} {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const source: PayloadSource = {
    kind: 'payload',
    provider: 'github',
    account: 'slow',
    async *list() {
      yield { id: '1', topic: 'push', at: SINCE + 1, undelivered: true, ref: '1' }
      return false
    },
    async read() {
      asked.resolve()
      await answer.promise
      return { headers: { 'x-github-delivery': '1', 'x-github-event': 'push' }, body: '{}' }
    },
  }
  return { source, reading: asked.promise, recover: () => answer.resolve() }
}
