import { memoryInbox } from '@postern/core'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWrongCredentials } from '../src/gate/attempts.ts'
import { inspector } from '../src/hosts/fetch.ts'

const token = 'a token of at least sixteen'
const password = 'a password of at least sixteen'
const inbox = memoryInbox()
afterAll(() => inbox.close())

const basic = (name: string, secret: string) => ({
  authorization: `Basic ${btoa(`${name}:${secret}`)}`,
})
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
const api = (headers: Record<string, string>): Request =>
  new Request('http://app.example/postern/~/api/status', { headers })

describe('the right credential is never rejected', () => {
  test.each([
    ['a token', { token }, bearer('wrong'), bearer(token)],
    ['a password', { basic: { ada: password } }, basic('ada', 'wrong'), basic('ada', password)],
  ] as const)('%s, beside 1,000 wrong ones at once', async (_name, auth, wrong, right) => {
    const page = inspector({ inbox, auth })
    const flood = Promise.all(
      Array.from({ length: 1000 }, async () => (await page(api(wrong))).status),
    )
    for (let n = 0; n < 20; n++) expect((await page(api(right))).status).toBe(200)
    const statuses = await flood
    expect(statuses.filter((status) => status === 401).length).toBe(10)
    expect(statuses.filter((status) => status === 429).length).toBe(990)
    expect((await page(api(right))).status).toBe(200)
  })

  test('a page of another site spends nothing of its reader', async () => {
    const page = inspector({ inbox, auth: { token } })
    const post = (site: string) =>
      page(
        new Request('http://app.example/postern', {
          method: 'POST',
          headers: { 'sec-fetch-site': site },
          body: new URLSearchParams({ token: 'wrong' }),
        }),
      )
    for (let n = 0; n < 30; n++) {
      expect((await post('cross-site')).status).toBe(403)
      expect((await post('same-site')).status).toBe(403)
      const headers = { ...bearer('wrong'), 'sec-fetch-site': 'cross-site' }
      expect((await page(api(headers))).status).toBe(403)
    }
    expect((await post('same-origin')).status).toBe(401)
  })

  test('a link of another site leads to the page, and its password counts for nobody', async () => {
    const page = inspector({ inbox, auth: { basic: { ada: password } } })
    const link = (headers: Record<string, string>) =>
      page(
        new Request('http://app.example/postern', {
          headers: { ...headers, 'sec-fetch-site': 'cross-site' },
        }),
      )
    expect((await link(basic('ada', password))).status).toBe(200)
    for (let n = 0; n < 30; n++) expect((await link(basic('ada', 'wrong'))).status).toBe(401)
    expect((await page(api(basic('ada', 'wrong')))).status).toBe(401)
  })
})

describe('wrong ones', () => {
  let clock = 0
  beforeEach(() => {
    clock = 0
    vi.useFakeTimers()
    return () => vi.useRealTimers()
  })
  const made = () => createWrongCredentials(() => clock)
  /** Returns the seconds to wait, and whether the rejection came at once. */
  const tried = async (attempts: ReturnType<typeof made>, peer: string) => {
    let isAtOnce = true
    const wait = attempts(peer)
    void wait.then(() => undefined)
    const first = await Promise.race([
      wait,
      Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => 'later'),
    ])
    if (first === 'later') {
      isAtOnce = false
      await vi.advanceTimersByTimeAsync(1000)
    }
    return { wait: await wait, isAtOnce }
  }
  const spend = async (attempts: ReturnType<typeof made>, peer: string, times = 10) => {
    for (let n = 0; n < times; n++) expect(await attempts(peer)).toBe(0)
  }

  test('ten of a minute are answered at once, the next late, and a minute later all is forgotten', async () => {
    const attempts = made()
    await spend(attempts, '192.0.2.1')
    clock = 20_000
    expect(await tried(attempts, '192.0.2.1')).toEqual({ wait: 40, isAtOnce: false })
    expect(await attempts('192.0.2.2')).toBe(0)
    clock = 60_000
    await spend(attempts, '192.0.2.1')
  })

  test.each([
    ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8::', '2001:db8:0:0:8::1'],
    ['fe80::1%eth0', 'fe80:0:0:0:9::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('%s and %s are one peer', async (one, other) => {
    const attempts = made()
    await spend(attempts, one, 5)
    await spend(attempts, other, 5)
    expect((await tried(attempts, one)).wait).toBe(60)
  })

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ])('%s and %s are two', async (one, other) => {
    const attempts = made()
    await spend(attempts, one)
    await spend(attempts, other)
  })

  test('a full table forgets who failed least, then the oldest: who guesses stays known', async () => {
    const attempts = made()
    await spend(attempts, 'guesser')
    for (let n = 0; n < 3000; n++) await attempts(`10.0.${n >> 8}.${n & 255}`)
    expect((await tried(attempts, 'guesser')).wait).toBe(60)
  })

  test('at most 100 wait; beyond that they are answered at once', async () => {
    const attempts = made()
    await spend(attempts, 'a')
    const late = Array.from({ length: 100 }, async () => attempts('a'))
    expect(await tried(attempts, 'a')).toEqual({ wait: 60, isAtOnce: true })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await Promise.all(late)).toEqual(Array.from({ length: 100 }, () => 60))
    expect((await tried(attempts, 'a')).isAtOnce).toBe(false)
  })
})
