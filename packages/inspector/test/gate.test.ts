import { createHash } from 'node:crypto'
import { memoryInbox } from '@postern/core'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { inspector as onFetch } from '../src/hosts/fetch.ts'
import { createInspector } from '../src/index.ts'

const inbox = memoryInbox()
afterAll(() => inbox.close())

describe('a mistake is loud', () => {
  const token = 'a token of at least sixteen'
  test.each<[string, unknown, string]>([
    ['no auth', { inbox }, 'auth is missing'],
    ['dev: false', { inbox, dev: false }, 'auth is missing'],
    [
      'an address that is none',
      { inbox, dev: 'localhost:3000' },
      'dev must be true, or the address',
    ],
    ['both', { inbox, dev: true, auth: { token } }, 'give only one of them'],
    [
      'an unset variable',
      { inbox, auth: { token: undefined } },
      'is the environment variable set?',
    ],
    [
      'a short token',
      { inbox, auth: { token: 'short' } },
      'auth.token must have at least 16 characters, got 5; make one with: openssl rand -base64 24',
    ],
    ['a template', { inbox, auth: { token: '<your-very-long-token>' } }, 'unfilled template'],
    [
      'an unknown grant',
      { inbox, auth: { token, allow: 'write' } },
      "must be 'all', 'read' or a list",
    ],
    [
      'a wrong action',
      { inbox, auth: { token, allow: ['remove'] } },
      "must be 'all', 'read' or a list",
    ],
    [
      'a slip',
      { inbox, auth: { token, payload: false } },
      'unknown option payload; did you mean payloads?',
    ],
    ['no password', { inbox, auth: { basic: {} } }, 'must have a name'],
    ['a colon', { inbox, auth: { basic: { 'a:b': token } } }, 'must not have a colon'],
    ['a string', { inbox, auth: token }, 'must be { token }'],
    ['no inbox', { auth: { token } }, 'inbox must be an inbox'],
    ['one receiver', { inbox, receivers: {}, auth: { token } }, 'receivers must be a list'],
    ['a typo', { inbox, recievers: [], auth: { token } }, 'did you mean receivers?'],
    ['nothing', undefined, 'inbox must be an inbox'],
  ])('%s', (_name, options, message) => {
    expect(() => createInspector(options as never)).toThrow(message)
    expect(() => createInspector(options as never)).toThrow(TypeError)
  })

  test('what auth returns is checked too', async () => {
    const inspect = onFetch({ inbox, auth: () => ({ allow: 'everything' }) as never })
    await expect(inspect(new Request('http://x/postern'))).rejects.toThrow(
      "must be 'all', 'read' or a list",
    )
    const slip = onFetch({ inbox, auth: () => ({ allow: 'read', payload: false }) as never })
    await expect(slip(new Request('http://x/postern'))).rejects.toThrow('did you mean payloads?')
    const nobody = onFetch({ inbox, auth: () => ({ allow: 'read', as: 5 }) as never })
    await expect(nobody(new Request('http://x/postern'))).rejects.toThrow(/as of auth .*, got 5$/)
  })
})

describe('a token', () => {
  const token = 'another token of sixteen'
  const inspect = (): ((request: Request) => Promise<Response>) =>
    onFetch({ inbox, auth: { token } })
  const with_ = (headers: Record<string, string>): Request =>
    new Request('https://app.example/postern/~/api/status', { headers })
  const signIn = (given: string): Request =>
    new Request('https://app.example/postern', {
      method: 'POST',
      body: new URLSearchParams({ token: given }),
    })

  test('cannot be guessed: after ten wrong ones in a minute each is 429, and the right one comes in', async () => {
    const page = inspect()
    for (let n = 0; n < 10; n++) expect((await page(signIn(`wrong ${n}`))).status).toBe(401)
    const rejected = await page(signIn('wrong again'))
    expect(rejected.status).toBe(429)
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await page(signIn(token))).status).toBe(303)
    expect((await page(with_({ authorization: `Bearer ${token}` }))).status).toBe(200)
    const cookie = (await inspect()(signIn(token))).headers.get('set-cookie')!.split(';')[0]!
    expect((await page(with_({ cookie }))).status).toBe(200)
  })

  test('its cookie is for HTTPS alone where HTTPS is', async () => {
    const reply = await inspect()(signIn(token))
    expect(reply.headers.get('set-cookie')).toMatch(
      /; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    )
  })

  test('a cookie that was changed, has ended, or is of another token opens nothing', async () => {
    const page = inspect()
    const cookie = (await page(signIn(token))).headers.get('set-cookie')!.split(';')[0]!
    const [name, value = ''] = cookie.split('=')
    const [ends, mac = ''] = value.split('.')
    const status = async (changed: string): Promise<number> =>
      (await page(with_({ cookie: `${name}=${changed}` }))).status
    expect(await status(value)).toBe(200)
    expect(await status(`${Number(ends) + 1}.${mac}`)).toBe(401)
    expect(await status(`${ends}.${mac.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`)).toBe(
      401,
    )
    expect(await status(`${ends}.`)).toBe(401)
    expect(await status('')).toBe(401)
    const other = onFetch({ inbox, auth: { token: 'a third token of sixteen' } })
    expect((await other(with_({ cookie: `${name}=${value}` }))).status).toBe(401)
    vi.useFakeTimers({ now: Date.now() + 13 * 3_600_000, toFake: ['Date'] })
    try {
      expect(await status(value)).toBe(401)
    } finally {
      vi.useRealTimers()
    }
  })

  test('what it may do is said by its options', async () => {
    const page = onFetch({ inbox, auth: { token, allow: 'read', payloads: false, as: 'screen' } })
    const reply = await page(with_({ authorization: `Bearer ${token}` }))
    expect(((await reply.json()) as { visitor: object }).visitor).toEqual({
      as: 'screen',
      actions: [],
      payloads: false,
      canSignOut: true,
    })
  })
})

describe('a rejection is a page for a browser that opens the document, and JSON for all else', () => {
  const token = 'another token of sixteen'
  type OpenInit = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }
  const open = (more: OpenInit = {}, path = '/postern'): Request =>
    new Request(`https://app.example${path}`, {
      ...more,
      headers: { accept: 'text/html,application/xhtml+xml', ...more.headers },
    })
  const isPage = async (reply: Response, title: string): Promise<void> => {
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const text = await reply.text()
    expect(text).toContain(`<h1>${title}</h1>`)
    expect(text).toContain('<a href="./postern">')
    // The Content-Security-Policy allows only this style, by its hash.
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(text)!
    const hash = createHash('sha256').update(style).digest('base64')
    expect(reply.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`)
  }

  test('by a function of the app', async () => {
    const page = onFetch({ inbox, auth: () => undefined })
    const rejected = await page(open())
    expect(rejected.status).toBe(401)
    await isPage(rejected, 'You are not signed in')
    for (const request of [
      open({ headers: { accept: 'application/json' } }),
      open({}, '/postern/~/api/status'),
    ])
      expect(await (await page(request)).json()).toEqual({
        error: 'sign_in',
        message: 'sign in to the app first',
      })
  })

  test('what a function of the app answers by itself stays', async () => {
    const own = { status: 401, headers: { 'content-type': 'application/json' }, body: '{"no":1}' }
    const reply = await onFetch({ inbox, auth: () => own })(open())
    expect([reply.status, await reply.text()]).toEqual([401, '{"no":1}'])
  })

  test('by a password, which is still asked for', async () => {
    const reply = await onFetch({ inbox, auth: { basic: { ada: token } } })(open())
    expect(reply.headers.get('www-authenticate')).toMatch(/^Basic /)
    await isPage(reply, 'You are not signed in')
  })

  test('after too many wrong tokens, with the time to wait', async () => {
    const page = onFetch({ inbox, auth: { token } })
    const wrong = (): Promise<Response> =>
      page(open({ method: 'POST', body: new URLSearchParams({ token: 'wrong' }) }))
    for (let n = 0; n < 10; n++) await wrong()
    const rejected = await wrong()
    expect(rejected.status).toBe(429)
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0)
    await isPage(rejected, 'Too many wrong attempts')
  })
})

test('a body that is too large is rejected', async () => {
  const page = onFetch({ inbox, auth: () => ({ allow: 'all' }) })
  const reply = await page(
    new Request('http://x/~/api/replay', {
      method: 'POST',
      headers: { 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ filter: { text: 'x'.repeat(3_000_000) } }),
    }),
  )
  expect(reply.status).toBe(413)
})

test('inbox and receivers may be functions, asked once and only when somebody comes', async () => {
  let asked = 0
  const page = onFetch({
    inbox: async () => {
      asked++
      return inbox
    },
    receivers: () => [],
    auth: () => ({ allow: 'read' }),
  })
  expect(asked).toBe(0)
  const request = (): Request => new Request('http://x/~/api/version')
  await Promise.all([page(request()), page(request())])
  expect((await page(request())).status).toBe(200)
  expect(asked).toBe(1)
})
