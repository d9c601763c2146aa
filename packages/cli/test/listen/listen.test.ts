import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../../../test/services/temporary.ts'
import { callEdge } from './hook.ts'
import { APP, ofStripe, PROGRAMS, scene, type Running, type Scene } from './scene.ts'

let one: Scene
let run: Running | undefined
beforeAll(async () => {
  one = await scene()
})
afterEach(async () => {
  run?.child.kill('SIGKILL')
  await run?.ended
})
afterAll(() => one?.close())

const AT = /listening for Stripe at (https:\S+)/
const others = (): readonly unknown[] => one.endpoints().map(({ id }) => id)

/** Starts a session, and returns its public URL with the secret that the sender told. */
async function listening(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly running: Running; readonly url: string; readonly secret: string }> {
  const running = one.run([...args, ...one.stripe.slice(0, 2)], env)
  run = running
  const [, url = ''] = await running.until(AT)
  const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as { secret: string }
  return { running, url, secret }
}

const STRIPE = ['--topic', 'invoice.paid', '--yes']
const status = async (url: string, secret: string, id?: string): Promise<number> =>
  (await callEdge(url, await ofStripe(secret, url, id))).status

test.for([...PROGRAMS, 'other --port {port}'])(
  '%s: its output has the URL, which is proven, registered, and removed at the end',
  async (tunnel) => {
    const { running, url, secret } = await listening([
      'listen',
      'stripe',
      '--tunnel',
      tunnel,
      ...STRIPE,
    ])
    const path = new URL(url).pathname
    expect(path).toBe('/webhooks/stripe')
    expect(others()).toEqual([expect.stringMatching(/^we_\d+$/), 'we_stranger'])
    expect(await status(url, secret)).toBe(200)
    await running.until(/● 200 .*stripe {2}invoice\.paid {2}evt_1/)
    expect(await status(url, 'whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA')).toBe(401)
    await running.until(/⊘ 401 .*claims invoice\.paid/)
    const [session = ''] = await one.sessions()
    expect(JSON.parse(session)).toMatchObject({ made: [{ sender: 'stripe', urls: [url] }] })
    expect(await running.stop()).toBe(0)
    expect(running.text()).toMatch(/stripe: webhook_endpoint we_\d+ is removed/)
    expect(others()).toEqual(['we_stranger'])
    expect([await one.sessions(), await one.processes()]).toEqual([[], []])
    for (const text of [running.text(), session]) expect(text).not.toContain(secret)
    const name = tunnel.split(' ')[0]!
    expect(JSON.parse(await readFile(join(one.edge, `args-${name}`), 'utf8'))).toEqual(
      {
        cloudflared: [
          'tunnel',
          '--no-autoupdate',
          '--config',
          '/dev/null',
          '--url',
          expect.any(String),
        ],
        ngrok: [
          'http',
          expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          '--log',
          'stdout',
          '--log-format',
          'json',
        ],
        tailscale: ['funnel', expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)],
        other: ['--port', expect.stringMatching(/^\d+$/)],
      }[name],
    )
  },
)

test.for([
  ['cloudflared', 'rejected', /Cloudflare makes no more quick tunnels/],
  ['ngrok', 'rejected', /run `ngrok config add-authtoken` once/],
  ['tailscale', 'rejected', /an admin turns it on/],
  ['cloudflared', 'elsewhere', /does not lead to this command .*nothing was registered/],
] as const)('%s, %s: says why, and registers nothing', async ([tunnel, mode, says]) => {
  const changes = one.api.changes()
  run = one.run(['listen', 'stripe', '--tunnel', tunnel, ...one.stripe], { TUNNEL_MODE: mode })
  expect(await run.ended).toBe(3)
  expect(run.text()).toMatch(says)
  expect(one.api.changes()).toBe(changes)
  expect(await one.processes()).toEqual([])
})

test.for([
  [['--tunnel', 'bore'], {}, /--tunnel must be cloudflared, ngrok, tailscale/],
  [['--tunnel', 'bore {port}'], {}, /bore is not installed/],
  [['--public', 'https://x.example'], {}, /--public needs --port/],
  [['--tunnel', 'ngrok', '--to', 'http://example.com/'], {}, /an http URL of this machine/],
  [
    ['--tunnel', 'ngrok', '--to', 'http://localhost:1/h'],
    {},
    /the app needs the secret of the endpoint/,
  ],
  [
    ['--tunnel', 'ngrok'],
    { STRIPE_KEY: 'sk_live_x0123456789' },
    /STRIPE_KEY is a live key of Stripe/,
  ],
] as const)('%j %j is found before a tunnel is started', async ([args, env, says]) => {
  const count = await readFile(join(one.edge, 'count'), 'utf8').catch(() => '0')
  run = one.run(['listen', 'stripe', ...args, ...one.stripe], env)
  expect(await run.ended).toBe(2)
  expect(run.text()).toMatch(says)
  expect(await readFile(join(one.edge, 'count'), 'utf8').catch(() => '0')).toBe(count)
})

test('dev starts the app with the secret, judges both sides, and ends everything', async () => {
  const port = String(await freePort())
  const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
  const args = ['dev', 'stripe', ...to, '--tunnel', 'cloudflared', ...one.stripe]
  run = one.run([...args, '--', process.execPath, APP], { PORT: port })
  const [, url = ''] = await run.until(AT)
  // The variables of .env are the app's own affair.
  await run.until(/app: dev url https:\/\/\S+\.trycloudflare\.com, from the file undefined/)
  const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as { secret: string }
  expect(await status(url, secret)).toBe(200)
  await run.until(/handled invoice\.paid evt_1/)
  await run.until(/● 200 .*stripe {2}invoice\.paid {2}evt_1/)
  expect((await callEdge(new URL('/admin', url).href)).status).toBe(404)
  expect(await run.stop()).toBe(0)
  expect(run.text()).not.toContain(secret)
  expect(run.text()).toContain('1 requests for other paths got 404')
  expect([others(), await one.processes(), await one.sessions()]).toEqual([['we_stranger'], [], []])
})

test('dev says that the sender signed it right, and the app has another secret', async () => {
  const port = String(await freePort())
  const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
  const args = ['dev', 'stripe', ...to, '--tunnel', 'ngrok', ...one.stripe]
  const APP_SECRET = 'whsec_YW5vdGhlciBzZWNyZXQgb2YgYXBw'
  run = one.run([...args, '--', process.execPath, APP], { PORT: port, APP_SECRET })
  const [, url = ''] = await run.until(AT)
  const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as { secret: string }
  expect(await status(url, secret)).toBe(401)
  await run.until(
    /Stripe signed it right \(secret \w+\), and your app rejected it: it verifies with another secret than STRIPE_WEBHOOK_SECRET has/,
  )
  expect(await status(url, APP_SECRET)).toBe(200)
  await run.until(/your app accepted it, and the secret here does not fit/)
  expect(await run.stop()).toBe(0)
})

test('kill -9 leaves no program, and the next start removes what was made, and nothing of others', async () => {
  const args = ['listen', 'stripe', '--tunnel', 'cloudflared', ...one.stripe]
  const first = one.run(args)
  const [, url = ''] = await first.until(AT)
  const second = one.run(args)
  const [, kept = ''] = await second.until(AT)
  expect(url).not.toBe(kept)
  first.child.kill('SIGKILL')
  await first.ended
  await expect.poll(async () => (await one.processes()).join('\n')).not.toContain(new URL(url).host)
  expect(one.endpoints().map((endpoint) => endpoint.url)).toContain(url)
  const clean = one.run(['listen', '--clean'])
  expect(await clean.ended).toBe(0)
  expect(clean.text()).toMatch(/^stripe: webhook_endpoint we_\d+ is removed\n$/)
  expect(one.endpoints().map((endpoint) => endpoint.url)).toEqual([
    kept,
    'https://stranger.example/hooks',
  ])
  expect(await second.stop()).toBe(0)
  expect(others()).toEqual(['we_stranger'])
  await expect.poll(async () => one.processes()).toEqual([])
})

test('a tunnel that ends is started again: the same endpoint has the new URL, and the same secret', async () => {
  run = one.run(['listen', 'stripe', '--tunnel', 'cloudflared', ...one.stripe])
  const [, url = ''] = await run.until(AT)
  const { id, secret } = one.endpoints()[0]!
  process.kill(Number(await readFile(join(one.edge, 'pid'), 'utf8')), 'SIGKILL')
  await run.until(/cloudflared ended .*; it is started again/)
  const [, now = ''] = await run.until(/(https:\S+) leads here now/)
  expect(now).not.toBe(new URL(url).origin)
  expect(one.endpoints()[0]).toMatchObject({ id, secret, url: `${now}/webhooks/stripe` })
  expect(await status(`${now}/webhooks/stripe`, secret)).toBe(200)
  expect(await run.stop()).toBe(0)
  expect(others()).toEqual(['we_stranger'])
})

test('without an API: the steps, and the first delivery', async () => {
  const args = ['listen', 'typeform', '--tunnel', 'ngrok', '-s', 'a secret of Typeform']
  run = one.run(args)
  await run.until(
    /Typeform: add this URL by hand, and remove it there at the end:\n {2}https:\/\/fixed-heron\.ngrok-free\.app\/webhooks\/typeform/,
  )
  await run.until(/listening for Typeform at/)
  await callEdge('https://fixed-heron.ngrok-free.app/webhooks/typeform', {
    method: 'POST',
    body: '{}',
  })
  await run.until(/the first delivery of Typeform is here/)
  expect(await run.stop()).toBe(0)
})

test('topics and provider come from the module of the app; a URL that leads here already needs no program', async () => {
  const port = String(await freePort())
  const from = fileURLToPath(new URL('receiver.ts', import.meta.url))
  // What leads there stands for a proxy of the developer.
  await writeFile(join(one.edge, 'dev.example'), port)
  const args = ['listen', '--from', from, '--public', 'https://dev.example', '--port', port]
  run = one.run([...args, '-o', `api=${one.api.url}`, '--yes'])
  const [, url = ''] = await run.until(AT)
  expect(url).toBe('https://dev.example/webhooks/stripe')
  expect(one.endpoints()[0]).toMatchObject({
    url,
    enabled_events: ['customer.created', 'invoice.paid'],
  })
  expect(await status(url, one.endpoints()[0]!.secret)).toBe(200)
  expect(await run.stop()).toBe(0)
  expect(others()).toEqual(['we_stranger'])
})
