import { afterEach, expect, test } from 'vitest'
import { github } from '@postern/providers/github'
import { githubEvents, githubRedelivery } from '../../src/sources/github.ts'
import type { Fake } from '../fakes/fake.ts'
import {
  GITHUB_TOKEN,
  startGithub,
  type GithubDelivery,
  type GithubState,
} from '../fakes/github.ts'
import { all, END, HOUR, identify, RANGE, timeOf } from './scene.ts'

const url = 'https://stranger.example/hooks'
let fake: Fake

afterEach(async () => {
  await fake.close()
  expect(fake.problems).toEqual([])
})

function attempt(at: number, count: number, more: Partial<GithubDelivery> = {}): GithubDelivery {
  const delivered_at = timeOf(at, count)
  const base = { id: count - at, guid: `guid-${count - at}`, delivered_at, status_code: 502 }
  return {
    ...base,
    event: 'issues',
    action: 'opened',
    payload: { action: 'opened', issue: { id: at } },
    ...more,
  }
}

async function open(state: GithubState) {
  fake = await startGithub(state)
  const waits: number[] = []
  const options = {
    api: fake.url,
    token: GITHUB_TOKEN,
    repository: 'octo/hello',
    url,
    wait: async (time: number) => void waits.push(time),
  }
  return { options, waits }
}

test('lists an hour of a dead endpoint, and gives what the webhooks would have been', async () => {
  const { options } = await open({
    deliveries: Array.from({ length: 250 }, (_, at) =>
      attempt(
        at,
        250,
        at % 5 === 0 ? { status_code: 200 } : { status_code: at % 2 === 0 ? 0 : 500 },
      ),
    ),
  })
  const source = githubEvents(options)
  const events = await all(source)
  expect(events).toHaveLength(200)
  expect(events.every(({ undelivered, topic }) => undelivered && topic === 'issues.opened')).toBe(
    true,
  )
  expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((a, b) => b - a))
  expect(await all(source, { ...RANGE, undelivered: false })).toHaveLength(250)
  expect(await all(source, { ...RANGE, limit: 30 })).toHaveLength(24)

  const oldest = events.at(-1)!
  const listed = await source.read(oldest)
  const drafts = identify(github({ secret: 'a-secret-0123456789' }), listed)
  expect(drafts).toMatchObject([
    { id: oldest.id, topic: 'issues.opened', payload: { action: 'opened' } },
  ])
  expect(listed.headers['x-hub-signature-256']).toBeUndefined()
})

test('counts attempts of one GUID together: one that succeeded delivers the event', async () => {
  const { options } = await open({
    deliveries: [
      attempt(0, 6, { guid: 'again', status_code: 200 }),
      attempt(1, 6, { guid: 'lost-later', status_code: 502 }),
      attempt(2, 6, { guid: 'never', status_code: 0 }),
      attempt(3, 6, { guid: 'lost-later', status_code: 204 }),
      attempt(4, 6, { guid: 'again', status_code: 500 }),
      attempt(5, 6, { guid: 'never', status_code: 500 }),
    ],
  })
  const events = await all(githubEvents(options))
  expect(events).toEqual([
    {
      id: 'never',
      topic: 'issues.opened',
      at: Date.parse(timeOf(5, 6)),
      undelivered: true,
      ref: '4',
    },
  ])
})

test('takes what was sent again after until for a success, and lists nothing newer', async () => {
  const { options } = await open({
    deliveries: [
      attempt(0, 4, { guid: 'again', status_code: 200 }),
      attempt(1, 4, { guid: 'new', status_code: 502 }),
      attempt(2, 4, { guid: 'again', status_code: 502 }),
      attempt(3, 4, { guid: 'never', status_code: 502 }),
    ],
  })
  const until = END - HOUR / 2
  const events = await all(githubEvents(options), { since: END - HOUR, until })
  expect(events.map(({ id }) => id)).toEqual(['never'])
})

test('asks GitHub to deliver again, by any attempt of the event, and waits as GitHub asks', async () => {
  const asked: string[] = []
  const { options, waits } = await open({
    deliveries: Array.from({ length: 130 }, (_, at) => attempt(at, 130)),
    redeliver: ({ guid }) => asked.push(guid),
  })
  const source = githubRedelivery(options)
  fake.interrupt({ status: 429, headers: { 'retry-after': '3' } })
  const events = await all(source)
  expect(waits).toEqual([3000])
  for (const event of events.toReversed().slice(0, 2)) await source.redeliver(event)
  expect(asked).toEqual(['guid-1', 'guid-2'])
  // One request for the hook by its URL, two for pages, two for redeliveries, and one that had to wait.
  expect(fake.requests).toHaveLength(6)
})

test('keeps the digits of ids beyond 2^53', async () => {
  // JSON.stringify cannot write a BigInt, so this text is written by hand, as GitHub sends it.
  const id = '9007199254740993'
  const { options } = await open({})
  const item = {
    ...attempt(0, 1),
    id: 0,
    redelivery: false,
    duration: 1,
    status: 'x',
    installation_id: null,
    repository_id: 1,
  }
  const text = JSON.stringify([item]).replace('"id":0', `"id":${id}`)
  const source = githubEvents({
    ...options,
    fetch: async (input, init) =>
      (input as URL).href.includes('/deliveries?') ? new Response(text) : fetch(input, init),
  })
  expect((await all(source)).map(({ ref }) => ref)).toEqual([id])
})

test('says that no hook has the URL, and rejects options that do not fit', async () => {
  const { options } = await open({})
  const { url: _url, ...rest } = options
  await expect(
    all(githubEvents({ ...options, url: 'https://none.example' })),
  ).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringMatching(/^githubEvents: url: .*https:\/\/none\.example: register/),
  })
  expect(() => githubEvents(rest)).toThrow(/give url, or app: true/)
  expect(() => githubEvents({ ...rest, app: true })).not.toThrow()
  await expect(all(githubEvents(options), { since: 2, until: 1 })).rejects.toThrow(/^since: /)
})
