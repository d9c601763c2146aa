import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  chmodSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryInbox } from '@postern/core'
import { listen } from '@postern/testing'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { devKey } from '../src/gate/dev-key.ts'
import { inspector as onFetch } from '../src/hosts/fetch.ts'
import { createInspector } from '../src/index.ts'
import { HOSTS, type App } from './hosts.ts'

const token = 'a token of at least sixteen'
const inbox = memoryInbox()
const closing: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closing) await close()
  await inbox.close()
})
afterEach(() => vi.unstubAllEnvs())

async function open(app: Promise<App>): Promise<App> {
  const opened = await app
  closing.push(opened.close)
  return opened
}

function heard(): {
  readonly lines: string[]
  readonly log: { warning: (name: string, text: string) => void }
} {
  const lines: string[] = []
  return { lines, log: { warning: (name, text) => void lines.push(`${name}: ${text}`) } }
}

describe('dev: true', () => {
  test('is an error in production, on any host', () => {
    vi.stubEnv('NODE_ENV', 'production')
    for (const dev of [true, 'http://localhost:3000/postern'])
      expect(() => createInspector({ inbox, dev })).toThrow(
        new TypeError(
          'inspector: dev is for development, and NODE_ENV is production; give auth: { token: process.env.POSTERN_TOKEN }, or a function that reads your session',
        ),
      )
  })

  test('the log has the address that was given, with the key, once', () => {
    const { lines, log } = heard()
    const dev = 'http://localhost:3999/tools'
    createInspector({ inbox, dev, log, name: 'shop' })
    createInspector({ inbox, dev, log, name: 'shop' })
    expect(lines).toEqual([
      `shop: open ${dev}#key=${devKey()}. Anyone with this key has full access`,
    ])
  })

  for (const host of HOSTS)
    test(`${host.name}: this machine gets nothing without the key, whatever it says of itself`, async () => {
      const { lines, log } = heard()
      const { url } = await open(host.mount({ inbox, dev: true, log }))
      const claims = [
        {},
        { host: 'localhost' },
        { host: '127.0.0.1:3000' },
        { host: 'evil.example' },
        { 'x-forwarded-for': '127.0.0.1' },
        { forwarded: 'for=127.0.0.1' },
        { authorization: 'Bearer ' },
        { cookie: 'postern_000000000000=9999999999.0' },
      ]
      for (const headers of claims)
        for (const path of ['', '/~/page.js', '/~/api/status', '/~/api/list'])
          expect([headers, path, await statusOf(url + path, headers)]).toEqual([headers, path, 401])
      const headers = { authorization: `Bearer ${devKey()}` }
      const status = await (await fetch(`${url}/~/api/status`, { headers })).json()
      expect(status).toMatchObject({ visitor: { as: 'developer', canSignOut: true } })
      // If the inspector knows the socket, the first request logs the page's address. A Host header cannot change that
      // address.
      const port = new URL(url).port
      const told = lines.filter((line) => line.includes(`:${port}/`))
      expect(told).toEqual(
        host.name === 'fetch'
          ? []
          : [expect.stringContaining(`http://localhost:${port}/admin/postern#key=${devKey()}. `)],
      )
      expect(lines.join()).not.toMatch(/evil|:3000\/admin/)
    })

  test('the key is traded for a cookie, which a restart knows', async () => {
    const page = onFetch({ inbox, dev: true, log: false })
    const reply = await page(signIn('http://localhost:3000/postern', { token: devKey() }))
    expect(reply.status).toBe(303)
    const cookie = reply.headers.get('set-cookie')!.split(';')[0]!
    const again = onFetch({ inbox, dev: true, log: false })
    const request = new Request('http://localhost:3000/postern/~/api/status', {
      headers: { cookie },
    })
    expect((await again(request)).status).toBe(200)
  })

  test('the page of a stranger reads the key from the fragment alone, by the script of its policy', async () => {
    const page = onFetch({ inbox, dev: true, log: false })
    const reply = await page(new Request('http://localhost:3000/postern'))
    const html = await reply.text()
    expect(html).toContain("The app's log has the address with the key.")
    expect(html).not.toContain(devKey())
    expect(reply.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[^' ]+';/)
  })
})

describe('the file of the key', () => {
  let project = ''
  let file = ''
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'postern-key-'))
    mkdirSync(join(project, 'node_modules'))
    mkdirSync(join(project, 'src'))
    file = join(project, 'node_modules', '.cache', 'postern', 'dev-key')
    return () => rmSync(project, { recursive: true })
  })

  test('is for its user alone, and the same for the whole project', () => {
    const key = devKey(join(project, 'src'))
    expect(key).toMatch(/^[\w-]{43}$/)
    expect(readFileSync(file, 'utf8')).toBe(key)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(devKey(project)).toBe(key)
  })

  test.each<[string, (key: string) => void]>([
    ['others could read', () => chmodSync(file, 0o644)],
    ['a cloned project has brought', () => chmodSync(file, 0o664)],
    ['is empty', () => writeFileSync(file, '')],
    ['is guessable', () => writeFileSync(file, 'x')],
    [
      'is a link',
      (key) => {
        rmSync(file)
        writeFileSync(join(project, 'elsewhere'), key, { mode: 0o600 })
        symlinkSync(join(project, 'elsewhere'), file)
      },
    ],
  ])('one that %s is made again', (_name, spoil) => {
    const key = devKey(project)
    spoil(key)
    const other = devKey(project)
    expect(other).not.toBe(key)
    expect(devKey(project)).toBe(other)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    if (existsSync(join(project, 'elsewhere')))
      expect(readFileSync(join(project, 'elsewhere'), 'utf8')).toBe(key)
  })
})

describe('sessions', () => {
  const status = async (page: ReturnType<typeof onFetch>, cookie: string, path = '/postern') => {
    const url = `http://app.example${path}/~/api/status`
    return (await page(new Request(url, { headers: { cookie } }))).status
  }
  const begin = async (page: ReturnType<typeof onFetch>, path = '/postern', at?: string) => {
    const reply = await page(signIn(`http://app.example${path}`, { token, ...(at && { at }) }))
    return reply.headers.get('set-cookie')!
  }
  const valueOf = (cookie: string): string => cookie.split(';')[0]!

  test('signing out ends a session in other processes too, and no other session', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    try {
      const [here, there] = [
        onFetch({ inbox, auth: { token } }),
        onFetch({ inbox, auth: { token } }),
      ]
      const cookie = valueOf(await begin(here))
      const sibling = valueOf(await begin(here))
      expect([await status(here, cookie), await status(there, cookie)]).toEqual([200, 200])
      const out = await here(
        new Request('http://app.example/postern', {
          method: 'POST',
          headers: { cookie },
          body: new URLSearchParams({ signOut: '1' }),
        }),
      )
      expect(out.headers.get('set-cookie')).toMatch(/^postern_\w+=; Max-Age=0; Path=\/;/)
      expect(await status(here, cookie)).toBe(401)
      vi.setSystemTime(Date.now() + 11_000)
      expect(await status(there, cookie)).toBe(401)
      expect(await status(onFetch({ inbox, auth: { token } }), cookie)).toBe(401)
      expect([await status(here, sibling), await status(there, sibling)]).toEqual([200, 200])
      // The record of the sign-out is deleted when the session would have ended.
      vi.setSystemTime(Date.now() + 13 * 3_600_000)
      await status(there, valueOf(await begin(there)))
      expect(await inbox.records!.list('postern:inspector:')).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  test('the cookie has the path that the browser sees, and is of one mount', async () => {
    const page = onFetch({ inbox, auth: { token } })
    expect(await begin(page, '/postern', '/tools/postern/')).toContain('; Path=/tools/postern;')
    for (const at of ['', 'postern', '/a;b', '/a b', '/a\r\nx: y', `/${'a'.repeat(600)}`])
      expect(await begin(page, '/postern', at)).toContain('; Path=/;')
    const cookie = await begin(page)
    expect(await status(page, valueOf(cookie))).toBe(200)
    expect(await status(page, valueOf(cookie), '/other')).toBe(401)
    const [name] = valueOf(cookie).split('=')
    expect((await begin(page, '/other')).startsWith(`${name}=`)).toBe(false)
  })
})

describe('a bare proxy', () => {
  test('adds nobody: what it hands on from the network gets nothing', async () => {
    const { url } = await open(HOSTS[0]!.mount({ inbox, dev: true, log: false }))
    const target = new URL(url)
    const proxy = await open(
      listen((incoming, outgoing) => {
        // Like nginx without further settings: sets Host to the name of the target, and adds no header.
        const headers = { ...incoming.headers, host: target.host }
        const options = {
          host: target.hostname,
          port: target.port,
          path: incoming.url,
          headers,
          method: incoming.method,
        }
        incoming.pipe(
          ask(options, (reply) => {
            outgoing.writeHead(reply.statusCode!, reply.headers)
            reply.pipe(outgoing)
          }),
        )
      }, target.pathname),
    )
    expect((await fetch(`${proxy.url}/~/api/status`)).status).toBe(401)
    const sample = await fetch(`${proxy.url}/~/api/sample`, {
      method: 'POST',
      headers: { 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
      body: '{"receiver":"github"}',
    })
    expect(sample.status).toBe(401)
    const headers = { authorization: `Bearer ${devKey()}` }
    expect((await fetch(`${proxy.url}/~/api/status`, { headers })).status).toBe(200)
  })
})

function signIn(url: string, fields: Record<string, string>): Request {
  return new Request(url, { method: 'POST', body: new URLSearchParams(fields) })
}

function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    ask(url, { headers }, (reply) => {
      reply.resume()
      resolve(reply.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}
