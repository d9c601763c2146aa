import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freePort } from '../../../../test/services/temporary.ts'
import { callEdge } from './hook.ts'
import { APP, statusAt } from './scene.ts'
import { useScene } from './use-scene.ts'

const one = useScene()

const AT = /listening for Stripe at (https:\S+)/
const others = (): readonly unknown[] => one.endpoints().map(({ id }) => id)

test.for([
  ['cloudflared', 'rejected', /Cloudflare makes no more quick tunnels/],
  ['ngrok', 'rejected', /run `ngrok config add-authtoken` once/],
  ['tailscale', 'rejected', /an admin turns it on/],
] as const)('%s, %s: says why, and registers nothing', async ([tunnel, mode, says]) => {
  const changes = one.api.changes()
  const run = one.run(['listen', 'stripe', '--tunnel', tunnel, ...one.stripe], {
    TUNNEL_MODE: mode,
  })
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
  const run = one.run(['listen', 'stripe', ...args, ...one.stripe], env)
  expect(await run.ended).toBe(2)
  expect(run.text()).toMatch(says)
  expect(await readFile(join(one.edge, 'count'), 'utf8').catch(() => '0')).toBe(count)
})

test('dev starts the app with the secret, judges both sides, and ends everything', async () => {
  const port = String(await freePort())
  const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
  const args = ['dev', 'stripe', ...to, '--tunnel', 'cloudflared', ...one.stripe]
  const run = one.run([...args, '--', process.execPath, APP], { PORT: port })
  const [, url = ''] = await run.until(AT)
  // The command does not load .env, since that is the app's job.
  await run.until(/app: dev url https:\/\/\S+\.trycloudflare\.com, from the file undefined/)
  const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as { secret: string }
  expect(await statusAt(url, secret)).toBe(200)
  await run.until(/handled invoice\.paid evt_1/)
  await run.until(/● 200 .*stripe {2}invoice\.paid {2}evt_1/)
  expect((await callEdge(new URL('/admin', url).href)).status).toBe(404)
  expect(await run.stop()).toBe(0)
  expect(run.text()).not.toContain(secret)
  expect(run.text()).toContain('1 requests for other paths got 404')
  expect([others(), await one.processes(), await one.sessions()]).toEqual([['we_stranger'], [], []])
})

test('topics and provider come from the module of the app; a URL that leads here already needs no program', async () => {
  const port = String(await freePort())
  const from = fileURLToPath(new URL('receiver.ts', import.meta.url))
  // Makes dev.example lead to the port, as a developer's own proxy would.
  await writeFile(join(one.edge, 'dev.example'), port)
  const args = ['listen', '--from', from, '--public', 'https://dev.example', '--port', port]
  const run = one.run([...args, '-o', `api=${one.api.url}`, '--yes'])
  const [, url = ''] = await run.until(AT)
  expect(url).toBe('https://dev.example/webhooks/stripe')
  expect(one.endpoints()[0]).toMatchObject({
    url,
    enabled_events: ['customer.created', 'invoice.paid'],
  })
  expect(await statusAt(url, one.endpoints()[0]!.secret)).toBe(200)
  expect(await run.stop()).toBe(0)
  expect(others()).toEqual(['we_stranger'])
})
