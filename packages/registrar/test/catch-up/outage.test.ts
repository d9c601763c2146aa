// Takes 10 s.
import { catchUp } from '../../src/index.ts'
import { expect, test } from 'vitest'
import type { CatchUpProgress } from '../../src/index.ts'
import { startGithub, type GithubDelivery } from '../fakes/github.ts'
import { startStripe } from '../fakes/stripe.ts'
import { opened } from '../fakes/opened.ts'
import {
  busy,
  COUNT,
  githubAway,
  githubDelivery,
  githubEvents,
  githubRedelivery,
  isSubscribed,
  NOW,
  numbers,
  once,
  SINCE,
  sourceOptions,
  stripeAway,
  stripeEvent,
  stripeEvents,
  wasDelivered,
} from './scene.ts'

const subscribed = numbers.filter((at) => isSubscribed(at))
const missed = subscribed.filter((at) => !wasDelivered(at))

test('GitHub: an endpoint that was dead for an hour handles each of 1,000 events once', async () => {
  const fake = await opened(startGithub({ deliveries: numbers.map((at) => githubDelivery(at)) }))
  const away = githubAway()
  const early = subscribed.filter(wasDelivered)
  for (const at of early) expect(await away.deliver(at)).toBe(200)
  // GitHub counts these as failures, since the reply was lost, but the inbox has them.
  for (const at of missed.slice(0, 25)) await away.deliver(at)
  const told: CatchUpProgress[] = []
  const caught = catchUp(away.receiver, githubEvents(sourceOptions(fake).github), {
    since: SINCE,
    onProgress: (progress) => told.push(progress),
  })
  // While payloads are fetched, people also ask GitHub to deliver some events again.
  for (const at of missed.slice(-50)) await away.deliver(at)
  const result = await caught
  for (const at of missed.slice(100, 150)) expect(await away.deliver(at)).toBe(200)
  await away.idle()

  expect(once(away.runs)).toBe(subscribed.length)
  expect(result).toMatchObject({
    source: 'github: repository octo/hello',
    listed: COUNT - 200,
    skipped: 160,
    topics: { 'issues.opened': missed.length },
    failed: 0,
    complete: true,
    resumedAt: undefined,
  })
  expect(result.accepted + result.duplicates).toBe(missed.length)
  expect(result.duplicates).toBeGreaterThanOrEqual(25)
  // One request for the hook, ten pages twice, and one request for each event of a subscribed topic.
  expect(fake.requests).toHaveLength(1 + 2 * 10 + missed.length)
  expect(told.at(-1)).toMatchObject({ phase: 'taking', done: missed.length, wanted: missed.length })
  expect(told.map(({ done }) => done)).toEqual(
    told.map(({ done }) => done).toSorted((a, b) => a - b),
  )

  // Nothing is left: a second call finds only duplicates.
  const again = await catchUp(away.receiver, githubEvents(sourceOptions(fake).github), {
    since: NOW - 600_000,
  })
  expect(again).toMatchObject({ accepted: 0, resumedAt: undefined })
  expect(again.duplicates).toBeGreaterThan(100)
  await away.receiver.close()
})

test('Stripe: the same, with the payloads of the pages', async () => {
  const fake = await opened(startStripe({ events: numbers.map((at) => stripeEvent(at)) }))
  const away = stripeAway()
  for (const at of subscribed.filter(wasDelivered)) await away.deliver(at)
  const result = await catchUp(away.receiver, stripeEvents(sourceOptions(fake).stripe), {
    since: SINCE,
  })
  for (const at of missed.slice(100, 150)) expect(await away.deliver(at)).toBe(200)
  await away.idle()
  expect(once(away.runs)).toBe(subscribed.length)
  expect(result).toMatchObject({
    listed: 800,
    skipped: 160,
    accepted: missed.length,
    complete: true,
  })
  // Eight pages twice, one request for the endpoint's version, and each page once more for its payloads.
  expect(fake.requests.length).toBeLessThanOrEqual(2 * 8 + 1 + 8)
  await away.receiver.close()
})

test.each(['github', 'stripe'] as const)('%s: the same with 429s', async (name) => {
  const fake =
    name === 'github'
      ? await startGithub({ deliveries: numbers.map((at) => githubDelivery(at)) })
      : await startStripe({ events: numbers.map((at) => stripeEvent(at)) })
  const away = name === 'github' ? githubAway() : stripeAway()
  const waits: number[] = []
  const options = sourceOptions(fake, waits)
  const source =
    name === 'github'
      ? githubEvents({ ...options.github, fetch: busy(fake) })
      : stripeEvents({ ...options.stripe, fetch: busy(fake) })
  const result = await catchUp(away.receiver, source, { since: SINCE, all: true })
  await away.idle()
  expect(once(away.runs)).toBe(subscribed.length)
  expect(result.failed).toBe(0)
  expect(waits.length).toBeGreaterThan(1)
  expect(waits.every((time) => time === 2000)).toBe(true)
  await away.receiver.close()
  await fake.close()
  expect(fake.problems).toEqual([])
})

test('GitHub, by redelivery: what arrives is signed, oldest first, and handled once', async () => {
  const asked: string[] = []
  const arriving: Promise<number>[] = []
  const away = githubAway()
  const redeliver = ({ guid }: GithubDelivery): void => {
    asked.push(guid)
    arriving.push(away.deliver(Number(guid.slice(5))))
  }
  const fake = await opened(
    startGithub({ deliveries: numbers.map((at) => githubDelivery(at)), redeliver }),
  )
  for (const at of subscribed.filter(wasDelivered)) await away.deliver(at)
  const result = await catchUp(away.receiver, githubRedelivery(sourceOptions(fake).github), {
    since: SINCE,
  })
  expect(new Set(await Promise.all(arriving))).toEqual(new Set([200]))
  await away.idle()
  expect(once(away.runs)).toBe(subscribed.length)
  expect(result).toMatchObject({ asked: missed.length, accepted: 0, skipped: 160 })
  expect(asked).toEqual(missed.toReversed().map((at) => `guid-${at}`))
  await away.receiver.close()
})

test('Stripe: tenants with the same ids do not touch each other', async () => {
  const one = numbers.slice(0, 40).map((at) => stripeEvent(at, { delivered: false }))
  const fakes = [await startStripe({ events: one }), await startStripe({ events: one })]
  const away = stripeAway({
    secret: [
      { secret: SECRET_OF_A, tenant: 'a' },
      { secret: 'whsec_another0123456789', tenant: 'b' },
    ],
  })
  const wanted = numbers.slice(0, 40).filter(isSubscribed)
  // Some webhooks of tenant a arrived before the catch-up.
  for (const at of wanted.slice(0, 10)) await away.deliver(at)
  const results = await Promise.all(
    fakes.map((fake, at) =>
      catchUp(away.receiver, stripeEvents(sourceOptions(fake).stripe), {
        since: SINCE,
        tenant: at === 0 ? 'a' : 'b',
      }),
    ),
  )
  await away.idle()
  expect(once(away.runs)).toBe(2 * wanted.length)
  expect(results.map(({ accepted, duplicates }) => [accepted, duplicates])).toEqual([
    [wanted.length - 10, 10],
    [wanted.length, 0],
  ])
  await away.receiver.close()
  for (const fake of fakes) await fake.close()
})

const SECRET_OF_A = 'whsec_0123456789abcdef0123'
