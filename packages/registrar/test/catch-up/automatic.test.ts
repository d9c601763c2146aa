// Automatic catch-ups: at startup from the last delivery in the journal, and after a silence.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineInbox, memoryInbox, type Observer } from '@postern/core'
import type { CaughtUp } from '@postern/core/internal'
import type { Journal } from '@postern/core/inbox'
import { sqliteInbox } from '@postern/sqlite'
import { expect, test, vi } from 'vitest'
import { startGithub } from '../fakes/github.ts'
import { opened } from '../fakes/opened.ts'
import {
  githubAway,
  githubDelivery,
  githubEvents,
  isSubscribed,
  NOW,
  numbers,
  once,
  SINCE,
  sourceOptions,
  wasDelivered,
} from './scene.ts'

const late = numbers.filter((at) => at < 100 && isSubscribed(at))

function hear(): { readonly observer: Observer; readonly caught: Promise<CaughtUp> } {
  let done: (result: CaughtUp) => void
  const caught = new Promise<CaughtUp>((resolve) => (done = resolve))
  return { observer: { catchUpEnded: (_receiver, result) => done(result) }, caught }
}

test('a process that starts again takes what came since the last delivery, and only that', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-'))
  const path = join(folder, 'webhooks.db')
  // According to GitHub, all deliveries of the hour failed. The app was away only for the last 6 minutes.
  const deliveries = numbers.map((at) => githubDelivery(at, { status_code: 502 }))
  const fake = await opened(startGithub({ deliveries }))
  const first = sqliteInbox({ path })
  const before = githubAway({ inbox: first, clock: { now: () => NOW - 360_000 } })
  await before.deliver(999)
  await before.receiver.close()
  await first.close()

  const inbox = sqliteInbox({ path })
  const { observer, caught } = hear()
  const source = githubEvents(sourceOptions(fake).github)
  const after = githubAway({ inbox, standing: { source, on: ['start'] }, observers: [observer] })
  // A delivery to the new process does not count as the last delivery before its start.
  await after.deliver(0)
  const result = await caught
  expect(result.since).toBe(NOW - 360_000 - 300_000)
  await after.idle()
  expect(once(after.runs)).toBeGreaterThanOrEqual(late.length)
  expect(after.runs.size).toBeLessThan(200)
  await after.receiver.close()

  // The journal's rows of the catch-up do not count as deliveries. The range that the catch-up covered is not listed
  // again.
  const again = hear()
  const third = githubAway({
    inbox,
    clock: { now: () => NOW + 1000 },
    standing: { source, on: ['start'] },
    observers: [again.observer],
  })
  await third.receiver.startWorker()
  expect((await again.caught).since).toBe(NOW - 300_000)
  await third.receiver.close()
  await inbox.close()
  await rm(folder, { recursive: true })
})

test('a receiver that nothing was delivered to asks for nothing', async () => {
  const fake = await opened(startGithub({ deliveries: numbers.map((at) => githubDelivery(at)) }))
  const inbox = memoryInbox()
  let asked = (): void => undefined
  const looked = new Promise<void>((resolve) => (asked = resolve))
  const journal: Journal = {
    ...inbox.journal!,
    deliveries(filter) {
      setImmediate(asked)
      return inbox.journal!.deliveries(filter)
    },
  }
  const { receiver, warnings } = githubAway({
    inbox: { ...inbox, journal },
    standing: { source: githubEvents(sourceOptions(fake).github), on: ['start'] },
  })
  await looked
  await receiver.close()
  expect(fake.requests).toHaveLength(0)
  expect(warnings).toEqual([])
})

test('a silence is followed by a catch-up since its beginning', async () => {
  const missed = numbers.filter((at) => isSubscribed(at) && !wasDelivered(at))
  const fake = await opened(startGithub({ deliveries: numbers.map((at) => githubDelivery(at)) }))
  let now = SINCE
  const { observer, caught } = hear()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { receiver, runs, idle } = githubAway({
    clock: { now: () => now },
    silentAfter: '30m',
    standing: { source: githubEvents(sourceOptions(fake).github), on: ['silence'] },
    observers: [observer],
  })
  await receiver.startWorker()
  now = NOW
  vi.advanceTimersByTime(60_000)
  vi.useRealTimers()
  expect(await caught).toMatchObject({ since: SINCE - 300_000, accepted: missed.length })
  await idle()
  expect(once(runs)).toBe(missed.length)
  await receiver.close()
})

test('a sender that cannot be reached at start is asked again', async () => {
  const fake = await opened(startGithub({ deliveries: [githubDelivery(1)] }))
  const inbox = memoryInbox()
  const before = githubAway({ inbox, clock: { now: () => NOW - 60_000 } })
  await before.deliver(999)
  await before.receiver.close()

  const source = githubEvents(sourceOptions(fake).github)
  let fails = 1
  const flaky: typeof source = {
    ...source,
    list(range) {
      if (fails-- > 0) throw Object.assign(new Error('not reached'), { code: 'unavailable' })
      return source.list(range)
    },
  }
  const { observer, caught } = hear()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { receiver, warnings } = githubAway({
    inbox,
    standing: { source: flaky, on: ['start'] },
    observers: [{ ...observer, warning: () => setImmediate(() => vi.advanceTimersByTime(10_000)) }],
  })
  await receiver.startWorker()
  expect(await caught).toMatchObject({ accepted: 1 })
  expect(warnings).toEqual(['catchUp: not reached; it tries again in 10 s'])
  vi.useRealTimers()
  await receiver.close()
})

test('what cannot work by itself is a TypeError at once', async () => {
  const fake = await opened(startGithub({}))
  const source = githubEvents(sourceOptions(fake).github)
  const make = (options: object) => () => githubAway(options as never)
  expect(make({ standing: { source, on: ['start'], at: 1 } })).toThrow(/unknown option at/)
  expect(make({ standing: { source, on: ['start'] }, worker: 'onDemand' })).toThrow(
    /catchUp\(receiver, source/,
  )
  expect(make({ standing: { source, on: ['start'] }, storage: { journal: false } })).toThrow(
    /there is no journal/,
  )
  expect(make({ standing: { source, on: ['start'] }, inbox: inlineInbox() })).toThrow(
    /keeps no records/,
  )
  expect(make({ standing: { source, on: ['silence'] } })).toThrow(
    /needs the receiver's option silentAfter/,
  )
  expect(
    make({ standing: { source, on: ['start'] }, secret: () => 'a-secret-0123456789' }),
  ).toThrow(/tenant: false/)
})
