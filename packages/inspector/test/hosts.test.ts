import { connect } from 'node:net'
import { request as ask } from 'node:http'
import { memoryInbox } from '@postern/core'
import type { Journal } from '@postern/core/inbox'
import { listen } from '@postern/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { HOSTS, type App } from './hosts.ts'

const token = 'a token of at least sixteen'
const inbox = memoryInbox()
const closing: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closing) await close()
  await inbox.close()
})

const ARRIVAL = {
  id: '1',
  at: 0,
  receiver: 'shop',
  provider: 'github',
  method: 'POST',
  path: '/',
  outcome: 'rejected',
  verified: false,
  status: 401,
  took: 1,
  bytes: 0,
  topics: [],
  ids: [],
  keys: [],
}

const ROUTES = [
  '',
  '/',
  '/anything',
  '/~/page.js',
  '/~/page.css',
  '/~/nothing',
  ...[
    'status',
    'version',
    'health',
    'charts',
    'list',
    'suggest',
    'delivery',
    'task',
    'explain',
    'copy',
    'download',
  ].map((name) => `/~/api/${name}`),
  ...['replay', 'delete', 'rerun', 'sample', 'nothing'].map((name) => `/~/api/${name}`),
]

for (const host of HOSTS)
  describe(host.name, () => {
    test('a file is written while it is made, and one that cannot be finished is cut short', async () => {
      let pages = 0
      const page = (): object => {
        if (++pages > 2) throw new Error('the inbox went away')
        return { rows: Array.from({ length: 200 }, () => ARRIVAL), cursor: 'more', searchedTo: 0 }
      }
      const journal = { ...inbox.journal!, deliveries: page } as unknown as Journal
      const { url } = await open(host.mount({ inbox: { ...inbox, journal }, auth: { token } }))
      const file = (): Promise<Response> => get(`${url}/~/api/download?as=csv`)
      const reply = await file()
      expect(reply.headers.get('content-disposition')).toContain('.csv"')
      await expect(reply.text()).rejects.toThrow()
      pages = -1000
      const reader = (await file()).body!.getReader()
      await reader.read()
      await reader.cancel()
      expect(pages).toBeLessThan(0)
    })

    test('the document finds its script, its style and the API, with and without a slash', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      for (const at of [url, `${url}/`, `${url}?q=state%3Adead`]) {
        const page = await get(at)
        expect([page.status, page.headers.get('content-type')]).toEqual([
          200,
          'text/html; charset=utf-8',
        ])
        const [style, script] = referencesOf(await page.text())
        for (const [reference, type] of [
          [script!, 'text/javascript'],
          [style!, 'text/css'],
        ]) {
          const asset = await get(new URL(reference!, at).href)
          expect([asset.status, asset.headers.get('content-type')]).toEqual([
            200,
            `${type}; charset=utf-8`,
          ])
        }
        const api = await get(new URL('./api/status', new URL(script!, at)).href)
        expect(await api.json()).toMatchObject({ name: 'postern', inbox: 'memoryInbox' })
      }
    })

    test('it works behind a proxy that cuts the prefix', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      const proxy = await open(cutting('/tools', url))
      const at = `${proxy.url}/tools${new URL(url).pathname}`
      const [, script] = referencesOf(await (await get(at)).text())
      const reached = new URL(script!, at)
      expect(reached.pathname).toBe('/tools/admin/postern/~/page.js')
      expect((await get(reached.href)).status).toBe(200)
      expect((await get(new URL('./api/version', reached).href)).status).toBe(200)
    })

    test('without credentials every route is 401 and says nothing of the app but the name that its operator gave it', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token }, name: 'orders <b>' }))
      for (const route of ROUTES)
        for (const method of ['GET', 'POST', 'HEAD']) {
          const reply = await fetch(url + route, { method, redirect: 'manual' })
          const text = await reply.text()
          expect([route, method, reply.status]).toEqual([route, method, 401])
          if (method === 'GET' && route === '') expect(text).toContain('orders &#60;b&#62;')
          expect(text).not.toMatch(/orders <b>|memoryInbox|inbox|page\.js|webhook/i)
        }
    })

    test('a wrong token is rejected, the right one begins a session, and signing out ends it', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      const wrong = await signIn(url, 'not the token at all')
      expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null])
      expect(await wrong.text()).toContain('Wrong token.')
      const right = await signIn(`${url}?q=state%3Adead`, token)
      expect(right.status).toBe(303)
      expect(new URL(right.headers.get('location')!, url).href).toBe(`${url}?q=state%3Adead`)
      const cookie = right.headers.get('set-cookie')!
      expect(cookie).toMatch(
        new RegExp(
          `^postern_\\w+=\\d+\\.[\\da-f]+; Max-Age=43200; Path=${host.tellsMount ? '/admin/postern' : '/'}; HttpOnly; SameSite=Strict$`,
        ),
      )
      const headers = { cookie: cookie.split(';')[0]! }
      expect((await fetch(`${url}/~/api/status`, { headers })).status).toBe(200)
      // The cookie is also valid in another process with the same token.
      const other = await open(host.mount({ inbox, auth: { token } }))
      expect((await fetch(`${other.url}/~/api/status`, { headers })).status).toBe(200)
      const out = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"signOut":true}',
        redirect: 'manual',
      })
      expect(out.headers.get('set-cookie')).toMatch(/=; Max-Age=0/)
    })

    test('a stranger’s body is small, and no target breaks it', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      const large = new URLSearchParams({ token: 'x'.repeat(100_000) })
      const reply = await fetch(url, { method: 'POST', body: large }).catch(() => undefined)
      // The host may close the connection if no code reads the body.
      if (reply) expect(reply.status).toBe(401)
      const { port: at, pathname } = new URL(url)
      const port = Number(at)
      for (const target of [
        `${pathname}//`,
        `${pathname}/%ff`,
        `${pathname}?q=%&%`,
        `${pathname}/~/%`,
      ])
        expect(await raw(port, target)).not.toMatch(/^HTTP\/1\.1 5/)
    })

    test('passwords', async () => {
      const basic = { ada: 'a password of at least sixteen' }
      const { url } = await open(host.mount({ inbox, auth: { basic } }))
      const bare = await fetch(url)
      expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([
        401,
        'Basic realm="postern", charset="UTF-8"',
      ])
      const as = async (user: string) =>
        fetch(`${url}/~/api/status`, { headers: { authorization: `Basic ${btoa(user)}` } })
      expect((await as('ada:a password of at least sixtee')).status).toBe(401)
      expect((await as('bob:a password of at least sixteen')).status).toBe(401)
      expect((await as('toString:')).status).toBe(401)
      const reply = await as('ada:a password of at least sixteen')
      expect(await reply.json()).toMatchObject({ visitor: { as: 'ada' } })
    })

    test('the session of the app decides, and its login answers', async () => {
      const { url } = await open(host.withSession({ inbox }))
      for (const route of ROUTES) {
        const reply = await fetch(url + route, { redirect: 'manual' })
        expect([reply.status, reply.headers.get('location')]).toEqual([302, '/login'])
      }
      const asked = async (user: string) =>
        fetch(`${url}/~/api/status`, { headers: { cookie: `user=${user}` } })
      expect(await (await asked('ada')).json()).toMatchObject({
        visitor: { as: 'ada', actions: ['replay', 'delete', 'rerun', 'mute'], payloads: true },
      })
      expect(await (await asked('bob')).json()).toMatchObject({
        visitor: { as: 'bob', actions: [], payloads: false },
      })
      const broken = await asked('boom')
      expect([broken.status, await broken.text()]).toEqual([500, 'the app handles errors'])
    })

    test('every reply has the policy, and no page of another site may frame it', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      for (const route of ['', '/~/page.js', '/~/api/status', '/~/api/nothing']) {
        const { headers } = await get(url + route)
        expect(headers.get('content-security-policy')).toMatch(
          /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
        )
        expect(headers.get('x-frame-options')).toBe('DENY')
        expect(headers.get('referrer-policy')).toBe('no-referrer')
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        expect(headers.get('cache-control')).toBe('no-store')
      }
      const { headers } = await fetch(url)
      expect(headers.get('content-security-policy')).toMatch(
        /style-src 'sha256-[^']+'; .*frame-ancestors 'none'/,
      )
    })

    test('an action needs its header and the same origin', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token }, log: false }))
      const act = async (headers: Record<string, string>) => {
        const reply = await fetch(`${url}/~/api/replay`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            ...headers,
          },
          body: '{"filter":{"state":"dead"},"dryRun":true}',
        })
        return reply.status
      }
      const own = new URL(url).origin
      const header = { 'x-postern-action': '1' }
      expect(await act({})).toBe(403)
      expect(await act(header)).toBe(403)
      expect(await act({ origin: own })).toBe(403)
      expect(await act({ ...header, origin: 'https://evil.example' })).toBe(403)
      expect(await act({ ...header, origin: 'null' })).toBe(403)
      expect(await act({ ...header, origin: own, 'sec-fetch-site': 'cross-site' })).toBe(403)
      expect(await act({ ...header, 'sec-fetch-site': 'same-site' })).toBe(403)
      expect(await act({ ...header, origin: own })).toBe(200)
      expect(await act({ ...header, 'sec-fetch-site': 'same-origin' })).toBe(200)
      const foreign = await fetch(`${url}/~/api/status`, {
        headers: { authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' },
      })
      expect(foreign.status).toBe(403)
      const read = await fetch(`${url}/~/api/replay`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(read.status).toBe(405)
    })

    test('paths that climb, and lines in a target, reach nothing', async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      const { pathname, port } = new URL(url)
      for (const target of [
        `${pathname}/~/../../../etc/passwd`,
        `${pathname}/~/..%2f..%2fetc%2fpasswd`,
        `${pathname}/~/api/__proto__`,
        `${pathname}/~/api/constructor`,
        `${pathname}/~/%00`,
      ]) {
        const reply = await raw(Number(port), target)
        expect(reply).toMatch(/^HTTP\/1\.1 (?:404|400|200)/)
        expect(reply).not.toMatch(/root:|x-injected/i)
      }
      const injected = await raw(Number(port), `${pathname}/%0d%0ax-injected:%201`)
      expect(injected).not.toMatch(/^x-injected/im)
    })

    test(`a reply is ${host.compresses ? '' : 'not '}compressed`, async () => {
      const { url } = await open(host.mount({ inbox, auth: { token } }))
      const coding = await new Promise<string | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip' }
        ask(`${url}/~/api/charts?range=7d`, { headers }, (reply) => {
          reply.resume()
          resolve(reply.headers['content-encoding'])
        })
          .on('error', reject)
          .end()
      })
      expect(coding).toBe(host.compresses ? 'gzip' : undefined)
    })
  })

async function open(app: Promise<App>): Promise<App> {
  const opened = await app
  closing.push(opened.close)
  return opened
}

function get(url: string): Promise<Response> {
  return fetch(url, { headers: { authorization: `Bearer ${token}` } })
}

function signIn(url: string, given: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ token: given }),
    redirect: 'manual',
  })
}

function referencesOf(html: string): readonly string[] {
  return [
    /<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"/.exec(html)?.[1] ?? '',
    /<script[^>]*src="([^"]+)"/.exec(html)?.[1] ?? '',
  ]
}

/** Starts a proxy that removes `prefix` from the path of each request. */
function cutting(prefix: string, to: string): Promise<App> {
  const target = new URL(to)
  return listen((incoming, outgoing) => {
    const path = incoming.url!.slice(prefix.length)
    ask({ host: target.hostname, port: target.port, path, headers: incoming.headers }, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers)
      reply.pipe(outgoing)
    }).end()
  }, '')
}

/** Sends a request over a socket, since clients normalize the target. Returns the reply with its head. */
function raw(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `GET ${target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
      ),
    )
    let text = ''
    socket.on('data', (part) => (text += part.toString()))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}
