// What a catch-up refuses, and what it leaves.
import { inspect } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import {
  inlineInbox,
  memoryInbox,
  structuredLogger,
  type ListedEvent,
  type PayloadSource,
} from '@postern/core'
import { svixRedelivery } from '../../src/sources/svix.ts'
import type { Fake } from '../fakes/fake.ts'
import { GITHUB_TOKEN, startGithub, type GithubDelivery } from '../fakes/github.ts'
import { startStripe } from '../fakes/stripe.ts'
import { startSvix, SVIX_TOKEN } from '../fakes/svix.ts'
import { timeOf } from '../sources/scene.ts'
import {
  githubAway,
  githubDelivery,
  githubEvents,
  githubRedelivery,
  NOW,
  once,
  SECRET,
  SINCE,
  sourceOptions,
  stripeAway,
  stripeEvent,
  stripeEvents,
  VERSION,
} from './scene.ts'

const HOUR = 3_600_000
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

function kept<Kept extends Fake>(fake: Kept): Kept {
  open.push(() => fake.close())
  return fake
}

const lost = [1, 2, 3, 4, 6, 7, 8, 9]
const some = (more: Partial<GithubDelivery> = {}) => lost.map((at) => githubDelivery(at, more))

async function githubScene(setup: Parameters<typeof githubAway>[0] = {}, deliveries = some()) {
  const fake = kept(await startGithub({ deliveries }))
  const away = githubAway(setup)
  open.push(() => away.receiver.close())
  return { ...away, fake, source: githubEvents(sourceOptions(fake).github) }
}

test('a since beyond the window is refused before a request, unless that is allowed', async () => {
  const { receiver, fake, source, runs, idle } = await githubScene({
    inbox: memoryInbox({ window: '3d' }),
  })
  const since = NOW - 73 * HOUR
  await expect(receiver.catchUp(source, { since })).rejects.toThrow(
    "catchUp: since is 73 hours ago, and memoryInbox knows ids for 72 hours: older events that were handled would be handled again; make the inbox's window longer, or set beyondWindow: true",
  )
  expect(fake.requests).toHaveLength(0)
  expect(await receiver.catchUp(source, { since, beyondWindow: true })).toMatchObject({
    taken: lost.length,
  })
  await idle()
  expect(once(runs)).toBe(lost.length)
})

test('events that leave the window meanwhile are left', async () => {
  let now = NOW
  const { receiver, source } = await githubScene({
    inbox: memoryInbox({ window: '3d' }),
    now: () => now,
  })
  const result = await receiver.catchUp(source, {
    since: SINCE,
    onProgress({ phase, done }) {
      if (phase === 'taking' && done === 3) now += 72 * HOUR
    },
  })
  expect(result).toMatchObject({ taken: 3, expired: lost.length - 3 })
})

test('the scope must be the one that the webhooks have', async () => {
  const fake = kept(await startStripe({ events: [stripeEvent(1)] }))
  const source = stripeEvents(sourceOptions(fake).stripe)
  const refusal = async (secret: unknown, scope?: string | false): Promise<string> => {
    const { receiver } = stripeAway({ secret })
    const options = { since: SINCE, ...(scope !== undefined && { scope }) }
    const said = await receiver.catchUp(source, options).then(
      () => 'taken',
      (error: Error) => `${error.name}: ${error.message}`,
    )
    await receiver.close()
    return said
  }
  const scoped = [
    { secret: 'whsec_one0123456789', scope: 'a' },
    { secret: 'whsec_two0123456789', scope: 'b' },
  ]
  expect(await refusal(() => 'whsec_one0123456789')).toMatch(/^TypeError: .*come from a function/)
  expect(await refusal(() => 'whsec_one0123456789', false)).toBe('taken')
  expect(await refusal(() => scoped, 'tenant')).toBe('taken')
  expect(await refusal(scoped)).toMatch(/^TypeError: .*one of the secrets \(a, b\), got undefined/)
  expect(await refusal(scoped, 'c')).toMatch(/^TypeError: .*got c/)
  expect(await refusal(scoped, 'b')).toBe('taken')
  expect(await refusal('whsec_one0123456789', 'a')).toMatch(/^TypeError: .*leave scope out/)
  expect(await refusal('whsec_one0123456789')).toBe('taken')
})

test("Stripe: payloads in another version than the endpoint's are refused, unless that is allowed", async () => {
  const fake = kept(
    await startStripe({ events: [stripeEvent(1), stripeEvent(2, { api_version: '2024-01-01' })] }),
  )
  fake.endpoints[0]!.api_version = VERSION
  const source = stripeEvents(sourceOptions(fake).stripe)
  const { receiver, idle, runs } = stripeAway()
  await expect(receiver.catchUp(source, { since: SINCE })).rejects.toThrow(
    `catchUp: 1 of 2 events are rendered in version 2024-01-01, and the endpoint's deliveries in ${VERSION}`,
  )
  await idle()
  expect(once(runs)).toBe(0)
  expect(await receiver.catchUp(source, { since: SINCE, anyVersion: true })).toMatchObject({
    taken: 2,
  })
  const elsewhere = stripeEvents({ ...sourceOptions(fake).stripe, url: 'https://other.example' })
  await expect(receiver.catchUp(elsewhere, { since: SINCE })).rejects.toMatchObject({
    code: 'not_found',
  })
  await receiver.close()
})

test('wrong options, sources and inboxes are a TypeError that names the way out', async () => {
  const { receiver, source } = await githubScene()
  const wrong = async (options: object, from: unknown = source): Promise<string> => {
    const error = await receiver.catchUp(from as never, options as never).then(
      () => new Error('none'),
      (one: Error) => one,
    )
    expect(error).toBeInstanceOf(TypeError)
    return error.message
  }
  const since = SINCE
  expect(await wrong({ since, unil: 1 })).toMatch('did you mean until?')
  expect(await wrong({})).toMatch('since must be milliseconds since 1970')
  expect(await wrong({ since, until: since - 1 })).toMatch('since must be before until')
  expect(await wrong({ since, limit: 0 })).toMatch('limit must be a whole number')
  expect(await wrong({ since, all: 'yes' })).toMatch('all must be true or false')
  expect(await wrong({ since, patience: 'long' })).toMatch('patience must be milliseconds')
  expect(await wrong({ since }, {})).toMatch('source must be a source of @postern/registrar')
  const redelivery = { ...source, kind: 'redelivery', redeliver: async () => undefined }
  expect(await wrong({ since, scope: 'a' }, redelivery)).toMatch('redeliveries are signed')
  const fake = kept(await startStripe({}))
  expect(await wrong({ since }, stripeEvents(sourceOptions(fake).stripe))).toMatch(
    'lists events of stripe, and this receiver takes those of github',
  )
  const inline = githubAway({ inbox: inlineInbox() })
  await expect(inline.receiver.catchUp(source, { since })).rejects.toThrow(
    /^catchUp: inlineInbox keeps no records/,
  )
  const careless = githubAway({ dedupe: 'none' })
  await expect(careless.receiver.catchUp(source, { since })).rejects.toThrow(
    /^catchUp: nothing is deduplicated here/,
  )
  for (const one of [inline, careless]) await one.receiver.close()
})

test('a dry run lists and counts, and takes nothing', async () => {
  const { receiver, source, fake, idle, runs } = await githubScene({}, [
    githubDelivery(0),
    ...some(),
  ])
  const result = await receiver.catchUp(source, { since: SINCE, dryRun: true })
  expect(result).toMatchObject({
    listed: lost.length + 1,
    skipped: 1,
    topics: { 'issues.opened': lost.length },
    taken: 0,
  })
  expect(fake.requests).toHaveLength(2)
  await idle()
  expect(once(runs)).toBe(0)
})

test('of two calls for one account, one runs, and one of another account goes on', async () => {
  const { receiver, source, fake } = await githubScene()
  const both = await Promise.allSettled([
    receiver.catchUp(source, { since: SINCE }),
    receiver.catchUp(source, { since: SINCE }),
  ])
  const codes = both.map((one) => (one.status === 'rejected' ? one.reason.code : 'taken'))
  expect(codes.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['in_progress', 'taken'])
  const others = await startGithub({}, '/orgs/{org}/hooks')
  kept(others)
  const organization = githubEvents({
    ...sourceOptions(others).github,
    repository: undefined as never,
    organization: 'octo',
  })
  const results = await Promise.all([
    receiver.catchUp(source, { since: SINCE }),
    receiver.catchUp(organization, { since: SINCE }),
  ])
  expect(results.map(({ listed }) => listed)).toEqual([lost.length, 0])
  expect(fake.problems).toEqual([])
})

test('closing the receiver stops it, and the next one goes on there at once', async () => {
  const inbox = memoryInbox()
  const { receiver, source } = await githubScene({ inbox })
  let closed: Promise<void> | undefined
  const caught = receiver.catchUp(source, {
    since: SINCE,
    onProgress({ phase, done }) {
      if (phase === 'taking' && done === 3) closed = receiver.close()
    },
  })
  await expect(caught).rejects.toMatchObject({ code: 'closed' })
  await closed
  const next = githubAway({ inbox })
  const result = await next.receiver.catchUp(source, { since: SINCE })
  expect(result.taken + result.duplicates).toBe(lost.length)
  expect(result.duplicates).toBeLessThanOrEqual(3)
  await next.receiver.close()
})

test('limit: the newest are taken, and the result says that older ones were left', async () => {
  const { receiver, source } = await githubScene()
  const result = await receiver.catchUp(source, { since: SINCE, limit: 3 })
  expect(result).toMatchObject({ taken: 3, complete: false })
  const older = await receiver.catchUp(source, { since: SINCE, until: result.oldest! })
  expect(older).toMatchObject({ taken: lost.length - 3, complete: true })
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
  const result = await receiver.catchUp(broken, { since: SINCE })
  expect(result).toMatchObject({ taken: lost.length - 3, failed: 3 })
  expect(result.failures.map(({ id, code }) => [id, code])).toEqual([
    ['guid-4', 'unidentified'],
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
    const result = await receiver.catchUp(source, { since: SINCE, onProgress })
    expect(result.taken).toBe(lost.length)
    expect(waits[0]).toBeGreaterThan(590_000)
    fake.interrupt({ status: 429, headers: { 'retry-after': '600' } })
    await expect(receiver.catchUp(source, { since: SINCE, patience: '9m' })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfter: 600_000,
    })
  } finally {
    vi.useRealTimers()
  }
})

test('topics: wildcards, aliases, everything, and what is stored unhandled', async () => {
  const deliveries = [
    githubDelivery(0),
    githubDelivery(1),
    githubDelivery(5, { event: 'issue_comment', action: 'created' }),
  ]
  const fake = kept(await startGithub({ deliveries }))
  const wanted = async (subscribe: string | undefined, more: object = {}): Promise<object> => {
    const { receiver } = githubAway(more)
    if (subscribe === '**') receiver.onAny(() => undefined)
    else if (subscribe) receiver.on(subscribe, { name: 'more' }, () => undefined)
    const source = githubEvents(sourceOptions(fake).github)
    const { topics } = await receiver.catchUp(source, { since: SINCE, dryRun: true })
    await receiver.close()
    return topics
  }
  const issues = { 'issues.opened': 1 }
  expect(await wanted(undefined)).toEqual(issues)
  expect(await wanted('*.created')).toEqual({ ...issues, 'issue_comment.created': 1 })
  const all = { ...issues, 'issue_comment.created': 1, push: 1 }
  expect(await wanted('**')).toEqual(all)
  expect(await wanted(undefined, { onUnhandled: 'store' })).toEqual(all)
})

test('Svix: asks once for what was never tried, also when it is called again', async () => {
  const asked: string[] = []
  const fake = kept(
    await startSvix({
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
  await expect(receiver.catchUp(flaky, { since: SINCE })).rejects.toThrow('down')
  fails = false
  expect(await receiver.catchUp(flaky, { since: SINCE })).toMatchObject({
    asked: 1,
    askedUntried: true,
  })
  expect(asked).toEqual(['untried', 'msg_1'])
  await receiver.close()
})

test('no token, secret or payload is in a log line, an error, the progress or the title of the process', async () => {
  const lines: unknown[] = []
  const log = structuredLogger((...line) => void lines.push(line), { refusals: 1000 })
  const { receiver, source, fake } = await githubScene({ log })
  const broken = {
    ...source,
    read: async (event: ListedEvent) => ({
      ...(await source.read(event)),
      body: '{"title":"a private title"',
    }),
  }
  const onProgress = (progress: unknown): void => void lines.push(progress)
  lines.push(await receiver.catchUp(broken, { since: SINCE, onProgress }))
  const refusals = [
    { status: 401, json: { message: `Bad credentials: ${GITHUB_TOKEN}` } },
    { status: 422, json: { message: 'a private title', token: GITHUB_TOKEN } },
    { status: 500 },
  ]
  for (const answer of refusals) {
    for (let at = 0; at < 5; at++) fake.interrupt(answer)
    const error = await receiver.catchUp(source, { since: SINCE }).catch((one: Error) => one)
    lines.push(error, (error as Error).message, (error as Error).stack)
  }
  lines.push(await receiver.health(), await receiver.tasks(), process.title)
  const printed = inspect(lines, { depth: 20, maxStringLength: null })
  expect(printed).toContain('malformed_body')
  expect(printed).toContain('Bad credentials')
  for (const secret of [GITHUB_TOKEN, SECRET]) expect(printed).not.toContain(secret)
  expect(printed).not.toContain('"title"')
})

test('redeliveries that are refused are counted', async () => {
  const fake = kept(await startGithub({ deliveries: some() }))
  const { receiver } = githubAway()
  const source = githubRedelivery(sourceOptions(fake).github)
  const refusing = {
    ...source,
    redeliver: (event: ListedEvent) => source.redeliver({ ...event, ref: '999999' }),
  }
  expect(await receiver.catchUp(refusing, { since: SINCE })).toMatchObject({
    asked: 0,
    failed: lost.length,
  })
  await receiver.close()
})
