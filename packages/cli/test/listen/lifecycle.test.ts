import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buffer } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import type { IPty } from '@lydell/node-pty'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../../../../test/services/temporary.ts'
import { startTelegram, TELEGRAM_TOKEN } from '../../../registrar/test/fakes/telegram.ts'
import { widthOf } from '../../src/print/width.ts'
import { terminal, type TerminalOptions } from '../pty.ts'
import { callEdge } from './hook.ts'
import { APP, ofStripe, type Running } from './scene.ts'
import { useScene } from './use-scene.ts'

const one = useScene()

const AT = /listening for \w+ at (https:\S+)/
const ids = (): readonly string[] => one.endpoints().map(({ id }) => id)
const LISTEN = ['listen', 'stripe', '--tunnel', 'cloudflared']

describe('the process is killed', () => {
  // Starts a proxy between the command and Stripe, which kills the command at a request of this method.
  const killing = async (when: 'before' | 'after', method: string) => {
    let victim: Running | undefined
    const server = createServer((request, response) => {
      void pass(request).then(({ status, body }) => response.writeHead(status).end(body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      of: (running: Running) => (victim = running),
      close: () => server.close(),
    }

    async function pass(request: IncomingMessage): Promise<{ status: number; body: string }> {
      const isIt = request.method === method && request.url!.startsWith('/v1/webhook_endpoints')
      const body = await buffer(request)
      if (isIt && when === 'before') await kill()
      const { host: _host, 'content-length': _length, ...headers } = request.headers
      const reply = await fetch(one.api.url + request.url!, {
        method: request.method!,
        headers: headers as Record<string, string>,
        ...(body.length > 0 && { body }),
      })
      const text = await reply.text()
      if (isIt) await kill()
      return { status: reply.status, body: text }
    }

    async function kill(): Promise<void> {
      victim!.child.kill('SIGKILL')
      await victim!.ended
    }
  }

  test.for([
    ['before', 'POST'],
    ['after', 'POST'],
    ['before', 'DELETE'],
    ['after', 'DELETE'],
  ] as const)('%s the %s: the next start leaves only what others have', async ([when, method]) => {
    const between = await killing(when, method)
    const options = ['-o', `api=${between.url}`, '--topic', 'invoice.paid', '--yes']
    const dying = one.run([...LISTEN, ...options])
    between.of(dying)
    if (method === 'DELETE') {
      await dying.until(AT)
      dying.child.kill('SIGINT')
    }
    await dying.ended
    between.close()
    const [session = ''] = await one.sessions()
    expect(JSON.parse(session)).toMatchObject({ made: [{ sender: 'stripe' }] })
    // The session still has the closed proxy as URL of Stripe's API, so the test sets the fake's URL.
    const [made] = (JSON.parse(session) as { made: { options: { api: string } }[] }).made
    made!.options.api = one.api.url
    const folder = join(one.env.XDG_STATE_HOME, 'postern', 'listen')
    const { id } = JSON.parse(session) as { id: string }
    await writeFile(
      join(folder, `${id}.json`),
      JSON.stringify({ ...(JSON.parse(session) as object), made: [made] }),
    )
    const run = one.run(['listen', '--clean'])
    expect(await run.ended).toBe(0)
    expect(ids()).toEqual(['we_stranger'])
    expect(await one.sessions()).toEqual([])
    await expect.poll(async () => one.processes()).toEqual([])
  })
})

test('a sender that fails at the end keeps the session, and the next start removes the endpoint', async () => {
  const run = one.run([...LISTEN, ...one.stripe])
  await run.until(AT)
  one.api.interrupt({ status: 401, json: { error: { message: 'no' } } })
  expect(await run.stop()).toBe(3)
  expect(run.text().replaceAll(/\s+/g, ' ')).toContain(
    'stays: the next start here, or postern listen --clean, tries again',
  )
  expect(ids()).toHaveLength(2)
  const clean = one.run(['listen', '--clean'])
  expect(await clean.ended).toBe(0)
  expect(ids()).toEqual(['we_stranger'])
})

test('a sender that rejects the key registers nothing, and ends with 3', async () => {
  const run = one.run([...LISTEN, ...one.stripe], {
    STRIPE_KEY: 'rk_test_wrong0123456789wrong012345',
  })
  expect(await run.ended).toBe(3)
  expect(ids()).toEqual(['we_stranger'])
  expect(run.text()).not.toContain('rk_test_wrong')
  expect([await one.sessions(), await one.processes()]).toEqual([[], []])
})

test('Ctrl-C while the tunnel starts leaves nothing', async () => {
  const run = one.run([...LISTEN, ...one.stripe], { TUNNEL_MODE: 'elsewhere' })
  await expect.poll(async () => one.processes()).toHaveLength(3)
  expect(await run.stop()).toBe(0)
  expect([ids(), await one.sessions(), await one.processes()]).toEqual([['we_stranger'], [], []])
})

test('the app ends: its endpoint goes too, and its exit code is told', async () => {
  const port = String(await freePort())
  const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
  const args = ['dev', 'stripe', ...to, '--tunnel', 'cloudflared', ...one.stripe]
  const server = `require('node:http').createServer((q, r) => r.end()).listen(${port}); setTimeout(() => process.exit(4), 4000)`
  const run = one.run([...args, '--', process.execPath, '-e', server])
  expect(await run.ended).toBe(3)
  expect(run.text()).toContain('the app ended (exit code 4)')
  expect([ids(), await one.sessions()]).toEqual([['we_stranger'], []])
})

describe('the one URL of an account', () => {
  const SECRET = 'a-secret-of-the-receiver_0123456789'
  const env = { TELEGRAM_TOKEN, TELEGRAM_WEBHOOK_SECRET: SECRET }
  const atTelegram = (api: string): readonly string[] => [
    'listen',
    'telegram',
    '--tunnel',
    'ngrok',
    '-o',
    `api=${api}`,
    '--yes',
  ]

  test('is taken only with --take-over, and put back as it was, after kill -9 too', async () => {
    const api = await startTelegram()
    const old = {
      url: 'https://bot.example/hook',
      secret_token: SECRET,
      max_connections: 7,
      allowed_updates: ['poll'],
    }
    Object.assign(api.webhook(), old)
    const args = [...atTelegram(api.url), '--topic', 'message']
    const refused = one.run(args, env)
    expect(await refused.ended).toBe(2)
    expect(refused.text()).toMatch(
      /Telegram has one URL, which is at bot\.example now; give --take-over/,
    )
    expect(api.webhook()).toEqual(old)
    const run = one.run([...args, '--take-over'], env)
    const [, url = ''] = await run.until(AT)
    expect(api.webhook()).toMatchObject({ url, secret_token: SECRET, allowed_updates: ['message'] })
    expect(await run.stop()).toBe(0)
    expect(api.webhook()).toEqual(old)
    const killed = one.run([...args, '--take-over'], env)
    await killed.until(AT)
    killed.child.kill('SIGKILL')
    await killed.ended
    expect((await one.sessions()).join()).not.toContain(SECRET)
    const clean = one.run(['listen', '--clean'], env)
    expect(await clean.ended).toBe(0)
    expect(clean.text()).toContain('https://bot.example/hook is put back')
    expect(api.webhook()).toEqual(old)
    await api.close()
  })

  test('is not taken if it could not be put back', async () => {
    const api = await startTelegram()
    Object.assign(api.webhook(), { url: 'https://bot.example/hook', has_custom_certificate: true })
    const run = one.run([...atTelegram(api.url), '--take-over'], env)
    expect(await run.ended).toBe(3)
    expect(run.text()).toContain('cannot be put back as it was')
    expect(api.webhook().url).toBe('https://bot.example/hook')
    await api.close()
  })
})

describe('in a terminal', () => {
  const open: IPty[] = []
  afterEach(() => {
    for (const pty of open.splice(0)) pty.kill('SIGKILL')
  })

  function inTerminal(args: readonly string[], options: TerminalOptions) {
    const loads = fileURLToPath(new URL('hook.ts', import.meta.url))
    const env = { ...one.env, ...options.env }
    const { pty, ended, text: raw } = terminal(args, { cwd: one.cwd, loads, ...options, env })
    open.push(pty)
    const text = (): string => stripVTControlCharacters(raw())
    const until = (pattern: RegExp): Promise<void> => expect.poll(text).toMatch(pattern)
    return { pty, text, until, ended }
  }

  test.for([80, 40])('%i columns: the plan is asked for, and no line is longer', async (cols) => {
    const asked = one.stripe.filter((word) => word !== '--yes')
    const args = [...LISTEN, ...asked, '--output', 'compact']
    const { pty, text, until, ended } = inTerminal(args, { cols, rows: 24 })
    await until(/until[\s│]+this[\s│]+command[\s│]+ends\?/)
    expect(ids()).toEqual(['we_stranger'])
    pty.write('y')
    await until(/Ctrl-C\s+ends/)
    const { url, secret } = one.endpoints()[0]!
    await callEdge(url, await ofStripe(secret, url))
    await until(/● 200/)
    const lines = text()
      .split(/\r?\n/)
      .filter((line) => !line.includes('● 200'))
    expect(lines.filter((line) => widthOf(line) > cols)).toEqual([])
    pty.write('\u0003')
    expect(await ended).toBe(0)
    expect(ids()).toEqual(['we_stranger'])
  })

  test('r signs only what verified here: a forged request stays forged, n makes a new event', async () => {
    const port = String(await freePort())
    const to = ['--to', `http://127.0.0.1:${port}/webhooks/stripe`]
    const args = ['dev', 'stripe', ...to, '--tunnel', 'cloudflared', ...one.stripe]
    const app = ['--', process.execPath, APP]
    const { pty, until, text } = inTerminal([...args, ...app], { env: { PORT: port } })
    await until(AT)
    const { url, secret } = one.endpoints()[0]!
    const forged = await ofStripe('whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA', url, 'evt_forged')
    expect((await callEdge(url, forged)).status).toBe(401)
    await until(/⊘ 401/)
    pty.write('r')
    await until(/sent again: 401/)
    pty.write('n')
    await until(/a new id needs a delivery whose signature was right/)
    expect(text()).not.toContain('handled invoice.paid evt_forged')
    expect((await callEdge(url, await ofStripe(secret, url, 'evt_own'))).status).toBe(200)
    await until(/handled invoice\.paid evt_own/)
    pty.write('r')
    await until(/the app has this id already, and runs nothing; n sends it with a new id/)
    pty.write('n')
    await until(/handled invoice\.paid [\da-f]{8}-/)
    expect(text().match(/handled invoice\.paid evt_own/g)).toHaveLength(1)
    pty.write('\u0003')
    await expect.poll(async () => one.processes()).toEqual([])
    expect(ids()).toEqual(['we_stranger'])
  })
})
