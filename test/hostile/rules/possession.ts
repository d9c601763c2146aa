import { send } from '../../../packages/testing/src/adapter/client.ts'
import type { RuleCase, RulePart } from './rule.ts'
import { places, type Place } from './pages/opened.ts'
import { ACTS, OWN, READS } from './pages/page-hosts.ts'

// Headers that claim an origin of the request, and invalid credentials.
const CLAIMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'nothing but the loopback socket': {},
  'Host localhost': { host: 'localhost' },
  'Host 127.0.0.1': { host: '127.0.0.1:3000' },
  'Host [::1]': { host: '[::1]:3000' },
  'a proxy that came from here': { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
  'an empty Bearer': { authorization: 'Bearer ' },
  'another site of this machine': {
    origin: 'http://localhost:3000',
    referer: 'http://localhost:3000/',
  },
  'a made-up cookie': { cookie: `postern_000000000000=9999999999.${'0'.repeat(96)}` },
}

const ROUTES = [
  '',
  '/',
  '/~/page.js',
  '/~/page.css',
  ...[...READS, ...ACTS].map((one) => `/~/api/${one}`),
]

/** Rule 2: the page gives no access because of a request's origin. */
export const possession: RulePart = {
  rule: '2',
  title: 'possession, never location',
  async open(inboxes) {
    const { all, close } = await places(inboxes)
    const cases = await Promise.all(all.map(async (place, at) => casesOf(place, at)))
    return { cases: cases.flat(), close }
  },
}

async function casesOf(place: Place, at: number): Promise<readonly RuleCase[]> {
  const lines: string[] = []
  const log = { warning: (_name: string, line: string) => void lines.push(line) }
  const dev = `http://localhost:1/rule-2/${at}/${Math.random()}`
  const { url } = await place.open({ dev, log })
  const key = /#key=([\w-]+)/.exec(lines.join('\n'))?.[1] ?? ''
  const made = (name: string, run: RuleCase['run']): RuleCase => ({
    name,
    at: place.host,
    inbox: place.name,
    run,
  })
  const wrong = (what: string, is: boolean): string | undefined => (is ? undefined : what)
  return [
    ...Object.entries(CLAIMS).map(([name, headers]) =>
      made(name, async () => {
        for (const method of ['GET', 'POST', 'HEAD'])
          for (const route of ROUTES) {
            const { status, text } = await exchange(url + route, method, { ...OWN, ...headers })
            if (status !== 401 || text.includes(place.inbox.name) || text.includes(key))
              return `${method} ${route} got ${status}: ${text.slice(0, 100)}`
          }
        return undefined
      }),
    ),
    made('the log has the address with a key of 256 bits', async () =>
      wrong(
        `the log has ${lines.join()}`,
        lines.length === 1 && lines[0]!.includes(dev) && key.length === 43,
      ),
    ),
    made('the key opens it, whatever the request says of its place', async () => {
      const headers = {
        authorization: `Bearer ${key}`,
        host: 'elsewhere.example',
        forwarded: 'for=203.0.113.9',
      }
      const { status } = await exchange(`${url}/~/api/status`, 'GET', headers)
      return wrong(`the key got ${status}`, status === 200)
    }),
    made('the key is traded for a cookie of this mount alone', async () => {
      const reply = await signIn(url, key)
      const cookie = reply.headers.get('set-cookie') ?? ''
      if (
        reply.status !== 303 ||
        !/; HttpOnly; SameSite=Strict/.test(cookie) ||
        cookie.includes(key)
      )
        return `signing in got ${reply.status} ${cookie}`
      const path = /; Path=([^;]*)/.exec(cookie)?.[1]
      return wrong(`the path is ${path}`, path === '/' || path === new URL(url).pathname)
    }),
    made('signing out ends the session in another process, and a restart ends none', async () => {
      const token = 'a token of rule two'
      const [here, there] = [
        await place.open({ auth: { token } }),
        await place.open({ auth: { token } }),
      ]
      const one = await session(here.url, token)
      const other = await session(here.url, token)
      if ((await status(there.url, one)) !== 200) return 'another process does not know the session'
      await fetch(here.url, {
        method: 'POST',
        headers: { cookie: one },
        body: new URLSearchParams({ signOut: '1' }),
        redirect: 'manual',
      })
      if ((await status(here.url, one)) !== 401) return 'it is not ended here'
      // Simulates a restart: a new process, which has not read the store yet.
      const restarted = await place.open({ auth: { token } })
      if ((await status(restarted.url, one)) !== 401) return 'it is not ended after a restart'
      return wrong('the other session ended too', (await status(restarted.url, other)) === 200)
    }),
    made('dev is an error in production', async () => {
      const before = process.env['NODE_ENV']
      process.env['NODE_ENV'] = 'production'
      try {
        await place.open({ dev: true })
        return 'it started'
      } catch (error) {
        return wrong(
          String(error),
          error instanceof TypeError && error.message.includes('NODE_ENV'),
        )
      } finally {
        if (before === undefined) delete process.env['NODE_ENV']
        else process.env['NODE_ENV'] = before
      }
    }),
  ]
}

function signIn(url: string, token: string): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' })
}

async function session(url: string, token: string): Promise<string> {
  return (await signIn(url, token)).headers.get('set-cookie')!.split(';')[0]!
}

async function status(url: string, cookie: string): Promise<number> {
  return (await fetch(`${url}/~/api/version`, { headers: { cookie } })).status
}

/** Sends a request with any Host header. */
async function exchange(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const { status, body } = await send({ method, url, headers, body: new Uint8Array() })
  return { status, text: body }
}
