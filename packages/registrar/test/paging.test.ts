// APIs with wrong answers. Their lists must end, and their times and ids are checked.
import { createReceiver, memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { describe, expect, test } from 'vitest'
import { createPaging } from '../src/common/paging.ts'
import { finite, time } from '../src/common/read.ts'
import { catchUp } from '../src/index.ts'
import { polarRegistrar } from '../src/polar.ts'
import { githubEvents } from '../src/sources/github.ts'
import { stripeEvents } from '../src/sources/stripe.ts'
import { workosEvents } from '../src/sources/workos.ts'
import { squareRegistrar } from '../src/square.ts'
import { stripeRegistrar } from '../src/stripe.ts'
import { END, HOUR, RANGE } from './sources/scene.ts'

const url = 'https://app.example/hooks'
const ISO = new Date(END).toISOString()
const at = (id: string, ago: number) => ({ id, at: END - ago })

describe('createPaging', () => {
  test('goes on while pages have something new within the range', () => {
    const { goesOn } = createPaging(RANGE)
    expect(goesOn([at('a', 0)])).toBe(true)
    expect(goesOn([at('a', 0), at('b', 1)])).toBe(true)
    expect(goesOn([at('b', 1), at('a', 0)])).toBe(false)
  })

  test('an empty page ends it, and so does one of events before the range', () => {
    expect(createPaging(RANGE).goesOn([])).toBe(false)
    expect(createPaging(RANGE).goesOn([at('a', HOUR + 1)])).toBe(false)
  })

  test('pages of newer events must come nearer to the range', () => {
    const { goesOn } = createPaging(RANGE)
    expect(goesOn([at('a', -20)])).toBe(true)
    expect(goesOn([at('b', -10)])).toBe(true)
    expect(goesOn([at('c', -10)])).toBe(false)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'a time of %s is none: it is never new, and never nearer',
    (never) => expect(createPaging(RANGE).goesOn([{ id: 'a', at: never }])).toBe(false),
  )

  test('pages are bounded, also if each has something new', () => {
    const { goesOn } = createPaging({ ...RANGE, limit: 100 })
    let pages = 1
    while (goesOn([at(`id ${pages}`, pages)])) pages++
    expect(pages).toBe(1010)
  })

  test('a page with more than a sender is asked for counts as several', () => {
    const { goesOn } = createPaging({ ...RANGE, limit: 0 })
    const page = (number: number) => Array.from({ length: 2500 }, (_, n) => at(`${number} ${n}`, n))
    let pages = 1
    while (goesOn(page(pages))) pages++
    expect(pages).toBe(100)
  })
})

describe('times', () => {
  test.each(['soon', 'in 5', '5', '', 'Infinity', '9'.repeat(30), null, true, [], {}])(
    '%j is none',
    (given) => {
      expect(time(given)).toBeNaN()
      expect(() => finite(time(given), 'GitHub', 'x'.repeat(1000))).toThrow(
        new RegExp('^GitHub: the event x{100} has no time$'),
      )
    },
  )

  test.each(['2026-11-20T12:00:00Z', '2026-11-20T12:00:00.123456Z', '2026-11-20T14:00:00+02:00'])(
    '%s is one',
    (given) => expect(Math.floor(time(given) / 1000) * 1000).toBe(END),
  )

  test.each([null, '', 'soon', true, [], '1e999'])(
    'Stripe: created of %j ends the list',
    async (created) => {
      const { fetch } = answering({ data: [{ id: 'evt_1', type: 'a', created }], has_more: true })
      const source = stripeEvents({ key: 'sk_test_0123456789', url, fetch })
      await expect(source.list(RANGE)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'unexpected',
        message: 'stripe: the event evt_1 has no time',
      })
    },
  )

  test('WorkOS: a text in which Date.parse finds a year is no time', async () => {
    const { fetch } = answering({ data: [{ id: 'event_1', event: 'a', created_at: 'soon 1' }] })
    const source = workosEvents({ key: 'sk_test_0123456789', events: ['a'], fetch })
    await expect(source.list(RANGE)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'unexpected',
    })
  })
})

test('what is fetched under one GUID and is another is rejected and told, and its webhook is new', async () => {
  const payload = { action: 'opened', issue: { id: 1 } }
  const answers: Readonly<Record<string, unknown>> = {
    '/repos/octo/hello/hooks': [{ id: 1, config: { url } }],
    '/repos/octo/hello/hooks/1/deliveries': [
      {
        id: 7,
        guid: 'listed',
        delivered_at: ISO,
        status_code: 500,
        event: 'issues',
        action: 'opened',
      },
    ],
    '/repos/octo/hello/hooks/1/deliveries/7': {
      request: { headers: { 'X-GitHub-Delivery': 'another', 'X-GitHub-Event': 'issues' }, payload },
    },
  }
  const source = githubEvents({
    token: 'ghp_0123456789',
    repository: 'octo/hello',
    url,
    fetch: async (input) => Response.json(answers[(input as URL).pathname]),
  })
  const provider = github({ secret: 'a secret of tests' })
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox(),
    log: false,
    clock: { now: () => END },
  })
  const outcomes: (string | undefined)[] = []
  receiver.observe({ accepted: ({ id }) => void outcomes.push(id) })
  receiver.onAny(() => undefined)
  expect(await catchUp(receiver, source, { since: END - HOUR })).toMatchObject({
    accepted: 0,
    duplicates: 0,
    failed: 1,
    failures: [{ id: 'listed', code: 'malformed_event' }],
  })
  const webhook = provider.sign!({ topic: 'issues.opened', id: 'another', payload })
  expect((await receiver.receive(webhook)).status).toBe(200)
  expect(outcomes).toEqual(['another'])
  await receiver.close()
})

const page = {
  has_more: true,
  items: [{ id: '1' }],
  data: [{ id: '1' }],
  subscriptions: [{ id: '1' }],
}
const endless = { ...page, cursor: 'more', pagination: { max_page: 1e9 } }

test.each([
  [
    'Stripe',
    (fetch: typeof globalThis.fetch) => stripeRegistrar({ key: 'sk_test_0123456789', fetch }),
  ],
  [
    'Square',
    (fetch: typeof globalThis.fetch) => squareRegistrar({ token: 'sq_0123456789', fetch }),
  ],
  ['Polar', (fetch: typeof globalThis.fetch) => polarRegistrar({ token: 'po_0123456789', fetch })],
])('%s: a list of endpoints that is the same page for ever is rejected', async (title, make) => {
  const api = answering(endless)
  await expect(make(api.fetch).list()).rejects.toMatchObject({
    code: 'unexpected',
    message: `${title}: the list of endpoints does not end`,
  })
  expect(api.asked()).toBe(2)
})

/** Returns an API that gives each request the same answer. */
function answering(json: unknown): { fetch: typeof globalThis.fetch; asked: () => number } {
  let count = 0
  return {
    asked: () => count,
    async fetch() {
      count++
      return Response.json(json)
    },
  }
}
