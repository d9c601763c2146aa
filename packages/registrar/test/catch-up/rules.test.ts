// The options that a catch-up rejects, and the events that it fetches.
import { catchUp } from '../../src/index.ts'
import { inlineInbox, memoryInbox } from '@postern/core'
import { expect, test } from 'vitest'
import { startGithub } from '../fakes/github.ts'
import { startStripe } from '../fakes/stripe.ts'
import { opened } from '../fakes/opened.ts'
import { githubScene, lost, some } from './lost.ts'
import {
  githubAway,
  githubDelivery,
  githubEvents,
  NOW,
  once,
  SINCE,
  sourceOptions,
  stripeAway,
  stripeEvent,
  stripeEvents,
  VERSION,
} from './scene.ts'

const HOUR = 3_600_000
test('a since beyond the dedupeWindow is rejected before a request, unless that is allowed', async () => {
  const { receiver, fake, source, runs, idle } = await githubScene({
    inbox: memoryInbox({ dedupeWindow: '3d' }),
  })
  const since = NOW - 73 * HOUR
  await expect(catchUp(receiver, source, { since })).rejects.toThrow(
    "catchUp: since is 73 hours ago, but memoryInbox remembers ids for only 72 hours; handlers would run again for older events; raise the inbox's dedupeWindow, or set beyondWindow: true",
  )
  expect(fake.requests).toHaveLength(0)
  expect(await catchUp(receiver, source, { since, beyondWindow: true })).toMatchObject({
    accepted: lost.length,
  })
  await idle()
  expect(once(runs)).toBe(lost.length)
})

test('events that leave the dedupeWindow meanwhile are left', async () => {
  let now = NOW
  const { receiver, source } = await githubScene({
    inbox: memoryInbox({ dedupeWindow: '3d' }),
    clock: { now: () => now },
  })
  const result = await catchUp(receiver, source, {
    since: SINCE,
    onProgress({ phase, done }) {
      if (phase === 'taking' && done === 3) now += 72 * HOUR
    },
  })
  expect(result).toMatchObject({ accepted: 3, expired: lost.length - 3 })
})

test('the tenant must be the one that the webhooks have', async () => {
  const fake = await opened(startStripe({ events: [stripeEvent(1)] }))
  const source = stripeEvents(sourceOptions(fake).stripe)
  const rejection = async (secret: unknown, tenant?: string | false): Promise<string> => {
    const { receiver } = stripeAway({ secret })
    const options = { since: SINCE, ...(tenant !== undefined && { tenant }) }
    const said = await catchUp(receiver, source, options).then(
      () => 'taken',
      (error: Error) => `${error.name}: ${error.message}`,
    )
    await receiver.close()
    return said
  }
  const secrets = [
    { secret: 'whsec_one0123456789', tenant: 'a' },
    { secret: 'whsec_two0123456789', tenant: 'b' },
  ]
  expect(await rejection(() => 'whsec_one0123456789')).toMatch(/^TypeError: .*come from a function/)
  expect(await rejection(() => 'whsec_one0123456789', false)).toBe('taken')
  expect(await rejection(() => secrets, 'tenant')).toBe('taken')
  expect(await rejection(secrets)).toMatch(
    /^TypeError: .*one of the secrets \(a, b\), got undefined/,
  )
  expect(await rejection(secrets, 'c')).toMatch(/^TypeError: .*got c/)
  expect(await rejection(secrets, 'b')).toBe('taken')
  expect(await rejection('whsec_one0123456789', 'a')).toMatch(/^TypeError: .*leave tenant out/)
  expect(await rejection('whsec_one0123456789')).toBe('taken')
})

test("Stripe: payloads in another version than the endpoint's are rejected, unless that is allowed", async () => {
  const fake = await opened(
    startStripe({ events: [stripeEvent(1), stripeEvent(2, { api_version: '2024-01-01' })] }),
  )
  fake.endpoints[0]!.api_version = VERSION
  const source = stripeEvents(sourceOptions(fake).stripe)
  const { receiver, idle, runs } = stripeAway()
  await expect(catchUp(receiver, source, { since: SINCE })).rejects.toThrow(
    `catchUp: 1 of 2 events are rendered in version 2024-01-01, and the endpoint's deliveries in ${VERSION}`,
  )
  await idle()
  expect(once(runs)).toBe(0)
  expect(await catchUp(receiver, source, { since: SINCE, anyVersion: true })).toMatchObject({
    accepted: 2,
  })
  const elsewhere = stripeEvents({ ...sourceOptions(fake).stripe, url: 'https://other.example' })
  await expect(catchUp(receiver, elsewhere, { since: SINCE })).rejects.toMatchObject({
    code: 'not_found',
  })
  await receiver.close()
})

test('wrong options, sources and inboxes are a TypeError that names the way out', async () => {
  const { receiver, source } = await githubScene()
  const wrong = async (options: object, from: unknown = source): Promise<string> => {
    const error = await catchUp(receiver, from as never, options as never).then(
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
  expect(await wrong({ since, tenant: 'a' }, redelivery)).toMatch('redeliveries are signed')
  const fake = await opened(startStripe({}))
  expect(await wrong({ since }, stripeEvents(sourceOptions(fake).stripe))).toMatch(
    'lists events of stripe, and this receiver accepts those of github',
  )
  const inline = githubAway({ inbox: inlineInbox() })
  await expect(catchUp(inline.receiver, source, { since })).rejects.toThrow(
    /^catchUp: inlineInbox keeps no records/,
  )
  const careless = githubAway({ dedupe: 'none' })
  await expect(catchUp(careless.receiver, source, { since })).rejects.toThrow(
    /^catchUp: this receiver deduplicates nothing/,
  )
  for (const one of [inline, careless]) await one.receiver.close()
})

test('a dry run lists and counts, and takes nothing', async () => {
  const { receiver, source, fake, idle, runs } = await githubScene({}, [
    githubDelivery(0),
    ...some(),
  ])
  const result = await catchUp(receiver, source, { since: SINCE, dryRun: true })
  expect(result).toMatchObject({
    listed: lost.length + 1,
    skipped: 1,
    topics: { 'issues.opened': lost.length },
    accepted: 0,
  })
  // One request for the hook. The list is read twice, since it may move during the first read.
  expect(fake.requests).toHaveLength(3)
  await idle()
  expect(once(runs)).toBe(0)
})

test('limit: the newest are taken, and the result says that older ones were left', async () => {
  const { receiver, source } = await githubScene()
  const result = await catchUp(receiver, source, { since: SINCE, limit: 3 })
  expect(result).toMatchObject({ accepted: 3, complete: false })
  const older = await catchUp(receiver, source, { since: SINCE, until: result.oldest! })
  expect(older).toMatchObject({ accepted: lost.length - 3, complete: true })
})

test('topics: wildcards, aliases, everything, and what is stored unhandled', async () => {
  const deliveries = [
    githubDelivery(0),
    githubDelivery(1),
    githubDelivery(5, { event: 'issue_comment', action: 'created' }),
  ]
  const fake = await opened(startGithub({ deliveries }))
  const wanted = async (subscribe: string | undefined, more: object = {}): Promise<object> => {
    const { receiver } = githubAway(more)
    if (subscribe === '**') receiver.onAny(() => undefined)
    else if (subscribe) receiver.on(subscribe, { name: 'more' }, () => undefined)
    const source = githubEvents(sourceOptions(fake).github)
    const { topics } = await catchUp(receiver, source, { since: SINCE, dryRun: true })
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
