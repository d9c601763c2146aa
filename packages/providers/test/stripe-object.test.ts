import { readFileSync, globSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createReceiver, PostponeError, RetryAfterError, UnrecoverableError } from '@postern/core'
import { stripe, stripeObject, type StripeObjectOptions } from '@postern/providers/stripe'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const KEY = 'rk_test_0123456789abcdef'

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const seen: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = []
let answers: Answer[] = []
let answered: Answer = {}
let close = async (): Promise<void> => undefined
let send: typeof fetch

beforeEach(async () => {
  seen.length = 0
  answers = []
  answered = { body: '{"id":"cus_1","name":"now"}' }
  const server = createServer((request, response) => {
    seen.push({ path: request.url!, headers: request.headers })
    const { status = 200, headers = {}, body = '' } = answers.shift() ?? answered
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  // Sends requests for Stripe's fixed host to the fake.
  send = async (input, init) => {
    const { origin, pathname, search } = new URL(input as string)
    expect(origin).toBe('https://api.stripe.com')
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, init)
  }
})
afterEach(async () => close())

const snapshot = (object: unknown, more: object = {}) => ({
  topic: 'customer.updated',
  payload: { object: 'event', data: { object }, ...more },
})
const thin = (related: unknown, more: object = {}) => ({
  topic: 'v1.customer.updated',
  payload: { object: 'v2.core.event', related_object: related, ...more },
})
const customer = { id: 'cus_1', object: 'customer', name: 'then' }
const related = { id: 'cus_1', type: 'customer', url: '/v1/customers/cus_1' }

const make = (options: Partial<StripeObjectOptions> = {}) =>
  stripeObject({ key: KEY, fetch: send, ...options })
const task = (id = 'task', signal: AbortSignal = new AbortController().signal) => ({ id, signal })
const thrown = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error as Error,
  )

describe('the object as it is now', () => {
  test('has one shape for snapshot and thin events', async () => {
    for (const event of [snapshot(customer), thin(related)])
      expect(await make()(event, task())).toEqual({ id: 'cus_1', name: 'now' })
    expect(seen.map(({ path }) => path)).toEqual(['/v1/customers/cus_1', '/v1/customers/cus_1'])
    expect(seen[0]!.headers).toMatchObject({ authorization: `Bearer ${KEY}` })
    expect(seen[0]!.headers).not.toHaveProperty('stripe-version')
  })

  test('is undefined when it was deleted, or the event names none', async () => {
    answers = [
      { status: 404, body: '{"error":{"code":"resource_missing","message":"No such customer"}}' },
      { status: 404 },
      { body: '{"id":"cus_1","object":"customer","deleted":true}' },
    ]
    for (let at = 0; at < 3; at++) expect(await make()(thin(related), task())).toBeUndefined()
    expect(await make()(thin(null), task())).toBeUndefined()
    expect(await make()({ topic: 'v1.invoice.upcoming', payload: {} }, task())).toBeUndefined()
    expect(seen).toHaveLength(3)
  })

  test('is read for the account of the event', async () => {
    await make()(thin(related, { context: 'org_1/acct_2' }), task())
    await make()(snapshot(customer, { account: 'acct_3' }), task())
    await make()(snapshot(customer, { account: 'acct_3', context: 'acct_4' }), task())
    expect(
      seen.map(({ headers }) => [headers['stripe-context'], headers['stripe-account']]),
    ).toEqual([
      ['org_1/acct_2', undefined],
      [undefined, 'acct_3'],
      ['acct_4', undefined],
    ])
  })

  test('is read in the version that is asked for; the API under /v2 always gets one', async () => {
    const account = { id: 'acct_1', url: '/v2/core/accounts/acct_1' }
    await make()(thin(account), task())
    await make({ apiVersion: '2025-01-01.acacia' })(thin(account), task())
    await make({ apiVersion: '2025-01-01.acacia' })(thin(related), task())
    expect(seen.map(({ headers }) => headers['stripe-version'])).toEqual([
      '2026-10-28.endive',
      '2025-01-01.acacia',
      '2025-01-01.acacia',
    ])
  })

  test.each([
    [{ id: 'cus_1', url: '/v1/customers/cus_1/cash_balance' }, undefined],
    [{ type: 'cash_balance', url: '/v1/customers/cus_1/cash_balance' }, 'the same'],
    [{ type: 'balance', url: '/v1/balance' }, 'the same'],
    [{ type: 'balance', url: '/v1/charges/ch_1' }, undefined],
    [{ id: 'txi_1', url: '/v1/customers/cus_1/tax_ids/txi_1' }, 'the same'],
    [{ id: '50% off', url: '/v1/coupons/50%25%20off' }, 'the same'],
    [{ id: 'cus_1', url: '/v1/customers/cus_2' }, undefined],
    [{ id: 'cus_1', url: 'https://evil.example/v1/customers/cus_1' }, undefined],
    [{ id: 'cus_1', url: '//evil.example/v1/customers/cus_1' }, undefined],
    [{ id: 'cus_1', url: '@evil.example/v1/customers/cus_1' }, undefined],
    [{ id: 'cus_1', url: '.evil.example/v1/customers/cus_1' }, undefined],
    [{ id: 'cus_1', url: '/v1/../admin/cus_1' }, undefined],
    [{ id: 'cus_1', url: '/v1/%2e%2e/admin/cus_1' }, undefined],
    [{ id: 'cus_1', url: '/v1\\evil/cus_1' }, undefined],
    [{ id: 'cus_1', url: '/v1/customers/cus_1?expand[]=x' }, undefined],
    [{ id: 'cus_1', url: '/v1/customers/cus_1#x' }, undefined],
    [{ id: 'cus_1', url: '/v1/customers/x\n/cus_1' }, undefined],
    [{ id: '..', url: '/v1/customers/..' }, undefined],
    [{ id: 'cus_1', url: '/v3/customers/cus_1' }, undefined],
    [{ id: 7, url: '/v1/customers/7' }, undefined],
    [{ id: 'cus_1' }, undefined],
    [['/v1/balance'], undefined],
  ])(
    'of a thin event is where the event says, if that is a path to its id: %j',
    async (of, path) => {
      const found = make()(thin(of), task())
      if (path === undefined) {
        expect(await thrown(found)).toBeInstanceOf(UnrecoverableError)
        expect(seen).toEqual([])
        return
      }
      await found
      expect(seen.map((each) => each.path)).toEqual([(of as { url: string }).url])
    },
  )

  test.each([
    [{ object: 'checkout.session', id: 'cs_1' }, '/v1/checkout/sessions/cs_1'],
    [{ object: 'card', id: 'card_1', customer: 'cus_1' }, '/v1/customers/cus_1/sources/card_1'],
    [
      { object: 'card', id: 'card_1', account: 'acct_1' },
      '/v1/accounts/acct_1/external_accounts/card_1',
    ],
    [{ object: 'balance' }, '/v1/balance'],
    [{ object: 'coupon', id: '50% off' }, '/v1/coupons/50%25%20off'],
    [{ object: 'invoice' }, undefined],
    [{ object: 'discount', id: 'di_1' }, undefined],
    [{ object: 'customer', id: '../charges' }, undefined],
    [{ object: 'customer', id: '..' }, undefined],
    [{ object: 'customer', id: '\ud800' }, undefined],
    [{ object: '../customer', id: 'cus_1' }, undefined],
    [{ object: '__proto__', id: 'cus_1' }, undefined],
    [{ object: 'person', id: 'person_1' }, undefined],
  ])('of a snapshot is found by its type and id: %j', async (of, path) => {
    const found = make()(snapshot(of), task())
    if (path === undefined) {
      expect((await thrown(found)).message).toMatch(/read it from event.payload/)
      expect(seen).toEqual([])
      return
    }
    await found
    expect(seen.map((each) => each.path)).toEqual([path])
  })

  test('of an account that is none is not asked for', async () => {
    for (const context of ['acct_1\r\nx: y', '../acct_1', 7, ''])
      expect(await thrown(make()(thin(related, { context }), task()))).toBeInstanceOf(
        UnrecoverableError,
      )
    expect(seen).toEqual([])
  })
})

describe('what Stripe answers', () => {
  test('429 postpones for as long as it says, an hour in all at most, and then uses attempts', async () => {
    answered = { status: 429, headers: { 'retry-after': '1500' } }
    const current = make()
    const delays = []
    for (let at = 0; at < 3; at++) {
      const error = await thrown(current(thin(related), task()))
      expect(error).toBeInstanceOf(PostponeError)
      delays.push((error as PostponeError).delay)
    }
    expect(delays).toEqual([1_500_000, 1_500_000, 600_000])
    const later = await thrown(current(thin(related), task()))
    expect(later).toBeInstanceOf(RetryAfterError)
    expect(later).toMatchObject({ delay: 1_500_000 })
    // Each task may wait for an hour. After an answer, the hour starts again.
    expect(await thrown(current(thin(related), task('other')))).toBeInstanceOf(PostponeError)
    answers = [{ body: '{}' }]
    await current(thin(related), task())
    expect(await thrown(current(thin(related), task()))).toBeInstanceOf(PostponeError)
  })

  test.each([undefined, 'soon', '0', '999999999'])(
    '429 with retry-after %j waits between a second and an hour',
    async (after) => {
      answered = { status: 429, ...(after !== undefined && { headers: { 'retry-after': after } }) }
      const { delay } = (await thrown(make()(thin(related), task()))) as PostponeError
      expect(delay).toBeGreaterThanOrEqual(1000)
      expect(delay).toBeLessThanOrEqual(3_600_000)
    },
  )

  test.each([500, 502, 503])('%i uses an attempt', async (status) => {
    answered = { status }
    const error = await thrown(make()(thin(related), task()))
    expect(error.constructor).toBe(Error)
    expect(error.message).toBe(`stripeObject: Stripe answered ${status} for /v1/customers/cus_1`)
  })

  test.each([
    [
      401,
      `{"error":{"message":"Invalid API Key provided: ${KEY}"}}`,
      /key is wrong or was revoked/,
    ],
    [403, '{}', /must not read this object/],
    [400, '{}', /rejected/],
    [301, '', /rejected/],
    [404, '{"error":{"message":"Unrecognized request URL (GET: /v1/x)"}}', /no such path/],
  ])('%i ends the task and says why, without the key', async (status, body, why) => {
    answered = { status, body, headers: { location: 'https://evil.example/' } }
    const error = await thrown(make()(thin(related), task()))
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toMatch(why)
    expect(error.message).not.toContain(KEY)
    expect(seen).toHaveLength(1)
  })

  test('a host that is not reached uses an attempt, and a task that ends aborts the request', async () => {
    await close()
    const error = await thrown(make()(thin(related), task()))
    expect(error.message).toBe('stripeObject: Stripe was not reached for /v1/customers/cus_1')
    const reason = new Error('the attempt is over')
    const over = await thrown(make()(thin(related), task('task', AbortSignal.abort(reason))))
    expect(over).toBe(reason)
  })

  test('more than 4 MiB is not read', async () => {
    answered = { body: `"${'x'.repeat(5 * 1024 * 1024)}"` }
    const error = await thrown(make()(thin(related), task()))
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toMatch(/larger than 4 MiB/)
  })
})

test('a key of another kind, no key and an unknown option are rejected when it is made', () => {
  for (const key of ['', 'whsec_0123456789', 'pk_test_0123456789'])
    expect(() => stripeObject({ key })).toThrow(/stripeObject: key/)
  expect(() => stripeObject({ key: KEY, version: '1' } as never)).toThrow(/unknown option version/)
})

test('in a handler, 429 uses no attempt and 401 leaves a dead task', async () => {
  const outcomes: string[] = []
  let wake = (): void => undefined
  const receiver = createReceiver({
    provider: stripe({ secret: 'whsec_0123456789' }),
    log: false,
    observers: [
      {
        postponed: () => void outcomes.push('postponed'),
        dead: () => {
          outcomes.push('dead')
          wake()
        },
      },
    ],
  })
  const attempts: number[] = []
  const current = make({ key: async () => KEY })
  receiver.on(['customer.updated', 'v1.customer.updated'], async (event, one) => {
    attempts.push(one.attempt)
    await current(event, one)
  })
  answers = [{ status: 429, headers: { 'retry-after': '0' } }, { status: 401 }]
  const dead = new Promise<void>((resolve) => (wake = resolve))
  const request = stripe({ secret: 'whsec_0123456789' }).sign!({
    topic: 'v1.customer.updated',
    payload: { related_object: related },
  })
  expect((await receiver.receive(request)).status).toBe(200)
  await dead
  await receiver.close()
  expect(outcomes).toEqual(['postponed', 'dead'])
  expect(attempts).toEqual([1, 1])
})

test('every object of a snapshot has a path that the SDK has too, or the SDK has none', async () => {
  const { types, paths } = readSdk()
  expect(types.length).toBeGreaterThan(80)
  for (const type of types) {
    const object = { object: type, id: 'id', customer: 'up', account: 'up', fee: 'up' }
    seen.length = 0
    await make()(snapshot(object), task()).catch(() => undefined)
    const path = seen[0]?.path
    if (path !== undefined) expect.soft(paths, type).toContain(path)
    else expect.soft(paths, type).not.toContain(`/v1/${type.replace('.', '/')}s/id`)
  }
})

/**
 * Reads the installed SDK. Returns the types of objects in snapshots, and the paths of requests. A path ends in `id`,
 * and has `up` for ids before it.
 */
function readSdk(): { readonly types: readonly string[]; readonly paths: readonly string[] } {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('stripe'))), 'resources')
  const declared = new Map<string, string>()
  const paths: string[] = []
  for (const file of globSync('**/*.d.ts', { cwd: folder })) {
    const space = file.includes('/') ? `${dirname(file)}.` : ''
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, name, body] of text.matchAll(/^export interface (\w+) \{(.*?)^\}/gms)) {
      const type = /^ {4}object: '([^']+)'/m.exec(body!)?.[1]
      if (type !== undefined) declared.set(space + name, type)
    }
    const code = readFileSync(join(folder, file.replace('.d.ts', '.js')), 'utf8')
    for (const [, path] of code.matchAll(/_makeRequest\('GET', [`'](\/v1\/[^`']+)[`']/g))
      paths.push(path!.replace(/\$\{[^}]+\}$/, 'id').replaceAll(/\$\{[^}]+\}/g, 'up'))
  }
  const events = readFileSync(join(folder, 'Events.d.ts'), 'utf8')
  const names = Array.from(events.matchAll(/^ {8}object: ([\w.]+);/gm), ([, name]) => name!)
  // The SDK has these two types only in unions, which are not objects of the API.
  const all = new Set([...names, 'BankAccount', 'Card'])
  const types = [...all].flatMap((name) => declared.get(name) ?? [])
  return { types, paths }
}
