// Catch-ups that run at the same time, that continue an ended one, or that wait for the sender or the inbox.
import { catchUp } from '../../src/index.ts'
import { inspect } from 'node:util'
import { createReceiver, memoryInbox, structuredLogger } from '@postern/core'
import type { ListedEvent, PayloadSource } from '../../src/index.ts'
import { github } from '@postern/providers/github'
import { expect, test, vi } from 'vitest'
import { svixRedelivery } from '../../src/sources/svix.ts'
import { GITHUB_TOKEN, startGithub } from '../fakes/github.ts'
import { startSvix, SVIX_TOKEN } from '../fakes/svix.ts'
import { opened } from '../fakes/opened.ts'
import { timeOf } from '../sources/scene.ts'
import { githubScene, lost, some } from './lost.ts'
import {
  githubAway,
  githubEvents,
  githubRedelivery,
  NOW,
  SECRET,
  SINCE,
  sourceOptions,
} from './scene.ts'

test('of two calls for one account, one runs, and one of another account goes on', async () => {
  const { receiver, source, fake } = await githubScene()
  const both = await Promise.allSettled([
    catchUp(receiver, source, { since: SINCE }),
    catchUp(receiver, source, { since: SINCE }),
  ])
  const codes = both.map((one) => (one.status === 'rejected' ? one.reason.code : 'taken'))
  expect(codes.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['in_progress', 'taken'])
  const others = await opened(startGithub({}, '/orgs/{org}/hooks'))
  const organization = githubEvents({
    ...sourceOptions(others).github,
    repository: undefined as never,
    organization: 'octo',
  })
  const results = await Promise.all([
    catchUp(receiver, source, { since: SINCE }),
    catchUp(receiver, organization, { since: SINCE }),
  ])
  expect(results.map(({ listed }) => listed)).toEqual([lost.length, 0])
  expect(fake.problems).toEqual([])
})

test('closing the receiver stops it, and the next one goes on there at once', async () => {
  const inbox = memoryInbox()
  const { receiver, source } = await githubScene({ inbox })
  let closed: Promise<void> | undefined
  const caught = catchUp(receiver, source, {
    since: SINCE,
    onProgress({ phase, done }) {
      if (phase === 'taking' && done === 3) closed = receiver.close()
    },
  })
  await expect(caught).rejects.toMatchObject({ code: 'receiver_closed' })
  await closed
  const next = githubAway({ inbox })
  const result = await catchUp(next.receiver, source, { since: SINCE })
  expect(result).toMatchObject({
    accepted: lost.length - 3,
    duplicates: 0,
    listed: lost.length - 2,
  })
  expect(result.resumedAt).toBeGreaterThan(SINCE)
  await next.receiver.close()
})

test('an event that the sender has no longer, or that is malformed, is counted and passed over', async () => {
  const { receiver, source } = await githubScene()
  const broken: PayloadSource = {
    ...source,
    async read(event: ListedEvent) {
      if (event.id === 'guid-2') throw Object.assign(new Error('gone'), { code: 'not_found' })
      const listed = await source.read(event)
      if (event.id === 'guid-3') return { ...listed, body: '{' }
      const { 'x-github-delivery': _id, ...headers } = listed.headers
      return event.id === 'guid-4' ? { ...listed, headers } : listed
    },
  }
  const result = await catchUp(receiver, broken, { since: SINCE })
  expect(result).toMatchObject({ accepted: lost.length - 3, failed: 3 })
  expect(result.failures.map(({ id, code }) => [id, code])).toEqual([
    ['guid-4', 'missing_event_id'],
    ['guid-3', 'malformed_body'],
    ['guid-2', 'not_found'],
  ])
})

test('a sender over its rate for longer than the client waits is waited for, up to patience', async () => {
  const { receiver, fake } = await githubScene()
  const options = { ...sourceOptions(fake).github, patience: 0 }
  const source = githubEvents(options)
  const waits: (number | undefined)[] = []
  const onProgress = ({ phase, waitsUntil }: { phase: string; waitsUntil?: number }): void => {
    if (phase !== 'waiting') return
    waits.push(waitsUntil! - Date.now())
    setImmediate(() => vi.advanceTimersByTime(600_000))
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    fake.interrupt({ status: 429, headers: { 'retry-after': '600' } })
    const result = await catchUp(receiver, source, { since: SINCE, onProgress })
    expect(result.accepted).toBe(lost.length)
    expect(waits[0]).toBeGreaterThan(590_000)
    fake.interrupt({ status: 429, headers: { 'retry-after': '600' } })
    await expect(catchUp(receiver, source, { since: SINCE, patience: '9m' })).rejects.toMatchObject(
      {
        code: 'rate_limited',
        retryAfter: 600_000,
      },
    )
  } finally {
    vi.useRealTimers()
  }
})

test('an inbox that is full is waited for', async () => {
  let goOn = (): void => undefined
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const fake = await opened(startGithub({ deliveries: some() }))
  const handled: string[] = []
  const provider = github({ secret: SECRET })
  const inbox = memoryInbox({ maxPending: 6 })
  const receiver = createReceiver({ provider, inbox, clock: { now: () => NOW }, log: false })
  receiver.on('issues', async (event) => {
    await gate
    handled.push(event.id!)
  })
  const result = await catchUp(receiver, githubEvents(sourceOptions(fake).github), {
    since: SINCE,
    onProgress: ({ phase }) => (phase === 'waiting' ? goOn() : undefined),
  })
  expect(result).toMatchObject({ accepted: lost.length, failed: 0 })
  await receiver.close()
  expect(handled).toHaveLength(lost.length)
})

test('the journal says which events came from the API, and they do not end a silence', async () => {
  const began = performance.now()
  const inbox = memoryInbox()
  const { receiver, source, deliver } = await githubScene({ inbox })
  await deliver(1)
  const { lastDelivery } = await receiver.health()
  await catchUp(receiver, source, { since: SINCE })
  await receiver.close()
  const { rows } = await inbox.journal!.deliveries({ receiver: 'github' })
  expect(rows.filter(({ unsigned }) => unsigned).map(({ outcome }) => outcome)).toEqual([
    'duplicate',
    ...lost.slice(1).map(() => 'accepted'),
  ])
  expect(rows.filter(({ unsigned }) => !unsigned)).toHaveLength(1)
  // The duration of each delivery is shorter than that of this test.
  const longest = performance.now() - began
  expect(rows.filter(({ took }) => !(took >= 0 && took <= longest))).toEqual([])
  expect((await receiver.health()).lastDelivery).toBe(lastDelivery)
})

test('Svix: asks once for what was never tried, also when it is called again', async () => {
  const asked: string[] = []
  const fake = await opened(
    startSvix({
      attempts: [
        { msgId: 'msg_1', eventType: 'issues.opened', timestamp: timeOf(1, 10), status: 2 },
      ],
      resend: (message) => asked.push(message),
      replay: () => asked.push('untried'),
    }),
  )
  const { receiver } = githubAway()
  const source = svixRedelivery({
    api: fake.url,
    token: SVIX_TOKEN,
    application: 'app_octo',
    endpoint: 'ep_1',
    provider: 'github',
  })
  let fails = true
  const flaky = {
    ...source,
    async redeliver(event: ListedEvent) {
      if (fails) throw Object.assign(new Error('down'), { code: 'unavailable' })
      return source.redeliver(event)
    },
  }
  await expect(catchUp(receiver, flaky, { since: SINCE })).rejects.toThrow('down')
  fails = false
  expect(await catchUp(receiver, flaky, { since: SINCE })).toMatchObject({
    asked: 1,
    askedUntried: true,
  })
  expect(asked).toEqual(['untried', 'msg_1'])
  await receiver.close()
})

test('no token, secret or payload is in a log line, an error, the progress or the title of the process', async () => {
  const lines: unknown[] = []
  const log = structuredLogger((...line) => void lines.push(line), { rejections: 1000 })
  const { receiver, source, fake } = await githubScene({ log })
  const broken = {
    ...source,
    read: async (event: ListedEvent) => ({
      ...(await source.read(event)),
      body: '{"title":"a private title"',
    }),
  }
  const onProgress = (progress: unknown): void => void lines.push(progress)
  lines.push(await catchUp(receiver, broken, { since: SINCE, onProgress }))
  const rejections = [
    { status: 401, json: { message: `Bad credentials: ${GITHUB_TOKEN}` } },
    { status: 422, json: { message: 'a private title', token: GITHUB_TOKEN } },
    { status: 500 },
  ]
  for (const answer of rejections) {
    for (let at = 0; at < 5; at++) fake.interrupt(answer)
    const error = await catchUp(receiver, source, { since: SINCE }).catch((one: Error) => one)
    lines.push(error, (error as Error).message, (error as Error).stack)
  }
  lines.push(await receiver.health(), await receiver.tasks(), process.title)
  const printed = inspect(lines, { depth: 20, maxStringLength: null })
  expect(printed).toContain('malformed_body')
  expect(printed).toContain('Bad credentials')
  for (const secret of [GITHUB_TOKEN, SECRET]) expect(printed).not.toContain(secret)
  expect(printed).not.toContain('"title"')
})

test('redeliveries that are rejected are counted', async () => {
  const fake = await opened(startGithub({ deliveries: some() }))
  const { receiver } = githubAway()
  const source = githubRedelivery(sourceOptions(fake).github)
  const rejecting = {
    ...source,
    redeliver: (event: ListedEvent) => source.redeliver({ ...event, ref: '999999' }),
  }
  expect(await catchUp(receiver, rejecting, { since: SINCE })).toMatchObject({
    asked: 0,
    failed: lost.length,
  })
  await receiver.close()
})
