// Takes 25 s.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../../../test/services/temporary.ts'
import { callEdge } from './hook.ts'
import { APP, PROGRAMS, statusAt } from './scene.ts'
import { useScene } from './use-scene.ts'

const one = useScene()

const AT = /listening for Stripe at (https:\S+)/
const others = (): readonly unknown[] => one.endpoints().map(({ id }) => id)

test.for([...PROGRAMS, 'other --port {port}'])(
  '%s: its output has the URL, which is proven, registered, and removed at the end',
  async (tunnel) => {
    const running = one.run(['listen', 'stripe', '--tunnel', tunnel, ...one.stripe])
    const [, url = ''] = await running.until(AT)
    const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as {
      secret: string
    }
    const path = new URL(url).pathname
    expect(path).toBe('/webhooks/stripe')
    expect(others()).toEqual([expect.stringMatching(/^we_\d+$/), 'we_stranger'])
    expect(await statusAt(url, secret)).toBe(200)
    await running.until(/● 200 .*stripe {2}invoice\.paid {2}evt_1/)
    expect(await statusAt(url, 'whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA')).toBe(401)
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

test('cloudflared leads elsewhere: says why, and registers nothing', async () => {
  const changes = one.api.changes()
  const run = one.run(['listen', 'stripe', '--tunnel', 'cloudflared', ...one.stripe], {
    TUNNEL_MODE: 'elsewhere',
  })
  expect(await run.ended).toBe(3)
  expect(run.text()).toMatch(/does not lead to this command .*nothing was registered/)
  expect(one.api.changes()).toBe(changes)
  expect(await one.processes()).toEqual([])
})

test('dev says that the sender signed it right, and the app has another secret', async () => {
  const port = String(await freePort())
  const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
  const args = ['dev', 'stripe', ...to, '--tunnel', 'ngrok', ...one.stripe]
  const APP_SECRET = 'whsec_YW5vdGhlciBzZWNyZXQgb2YgYXBw'
  const run = one.run([...args, '--', process.execPath, APP], { PORT: port, APP_SECRET })
  const [, url = ''] = await run.until(AT)
  const { secret } = one.endpoints().find((endpoint) => endpoint.url === url) as { secret: string }
  expect(await statusAt(url, secret)).toBe(401)
  await run.until(
    /Stripe signed the delivery correctly \(secret \w+\), but your app rejected the delivery: the app has a different secret from STRIPE_WEBHOOK_SECRET/,
  )
  expect(await statusAt(url, APP_SECRET)).toBe(200)
  await run.until(
    /your app accepted the delivery, but it does not match the secret of this command/,
  )
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
  const run = one.run(['listen', 'stripe', '--tunnel', 'cloudflared', ...one.stripe])
  const [, url = ''] = await run.until(AT)
  const { id, secret } = one.endpoints()[0]!
  process.kill(Number(await readFile(join(one.edge, 'pid'), 'utf8')), 'SIGKILL')
  await run.until(/cloudflared ended .*; it is started again/)
  const [, now = ''] = await run.until(/(https:\S+) leads here now/)
  expect(now).not.toBe(new URL(url).origin)
  expect(one.endpoints()[0]).toMatchObject({ id, secret, url: `${now}/webhooks/stripe` })
  expect(await statusAt(`${now}/webhooks/stripe`, secret)).toBe(200)
  expect(await run.stop()).toBe(0)
  expect(others()).toEqual(['we_stranger'])
})

test('without an API: the steps, and the first delivery', async () => {
  const args = ['listen', 'typeform', '--tunnel', 'ngrok', '-s', 'a secret of Typeform']
  const run = one.run(args)
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
