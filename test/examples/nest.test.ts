import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../pack/must.ts'
import { root } from '../run/report.ts'
import { startExample, stripeEvent, type Example } from './example.ts'

const secret = 'whsec_of the example'
const example = join(root, 'examples/nest')
const ON_11 = ['--import', join(root, 'test/nest-11/redirect.mjs')]
const folders: string[] = []

beforeAll(() => must('tsc', [], { cwd: example }), 120_000)
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** Creates a folder for one app. Returns the environment variables with the paths in it. */
function place(): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-nest-'))
  folders.push(folder)
  return {
    STRIPE_WEBHOOK_SECRET: secret,
    WEBHOOKS_DB: join(folder, 'webhooks.db'),
    BOOK: join(folder, 'book.txt'),
  }
}

function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Example> {
  return startExample('nest', env, { args })
}

/** Sends a paid invoice on a new connection. The server would wait for a kept-alive connection when it closes. */
async function paid(port: number, id: string): Promise<number> {
  const invoice = { id, amount_paid: 100 }
  const { method, url, headers, body } = stripeEvent(secret, port, `evt_${id}`, invoice)
  const reply = await ask(url, { method, headers }, body)
  return reply.resume().statusCode!
}

async function total(port: number): Promise<unknown> {
  return json(await ask(`http://localhost:${port}/total`))
}

async function ask(
  url: string,
  options: RequestOptions = {},
  body?: Uint8Array,
): Promise<IncomingMessage> {
  const sent = request(url, { ...options, agent: false }).end(body)
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return reply
}

describe.for([
  ['NestJS 12 on Express', ['dist/main.js']],
  ['NestJS 12 on Fastify', ['dist/main.js', 'fastify']],
  ['NestJS 11 on Express', [...ON_11, 'dist/main.js']],
  ['NestJS 11 on Fastify', [...ON_11, 'dist/main.js', 'fastify']],
] as const)('%s', ([, args]) => {
  test('a deploy in the middle of a handler: it ends, then the app, and nothing is lost', async () => {
    const env = place()
    const first = await start(args, { ...env, BOOKING_MS: '300' })
    expect(await paid(first.port, 'in_1')).toBe(200)
    await first.line('booking in_1')
    // After its hooks, Nest sends the signal to itself again, so the exit code is null.
    expect(await first.end()).toBe(null)
    expect(first.lines.slice(-3)).toEqual(['booking in_1', 'booked in_1', 'the app closed'])

    const second = await start(args, env)
    expect(await paid(second.port, 'in_1')).toBe(200)
    expect(await paid(second.port, 'in_2')).toBe(200)
    await second.line('booked in_2')
    expect(await total(second.port)).toEqual({ invoices: 2, amount: 200 })
    await second.stop()
  })
})

test('a hot reload in the middle of a handler loses nothing', async () => {
  const watched = join(example, 'dist', `watched-${process.pid}`)
  mkdirSync(watched)
  for (const name of ['main', 'app.module', 'invoices'])
    copyFileSync(join(example, 'dist', `${name}.js`), join(watched, `${name}.js`))
  folders.push(watched)
  const main = join(watched, 'main.js')
  const app = await start(['--watch', '--watch-preserve-output', main], {
    ...place(),
    BOOKING_MS: '300',
  })
  expect(await paid(app.port, 'in_1')).toBe(200)
  await app.line('booking in_1')
  writeFileSync(main, `${readFileSync(main, 'utf8')}\nconsole.log('reloaded')\n`)
  await app.line('reloaded')
  const ports = app.lines.flatMap((line) => /port: (\d+)/.exec(line)?.[1] ?? [])
  await expect.poll(() => total(Number(ports.at(-1)))).toEqual({ invoices: 1, amount: 100 })
  expect(app.lines.filter((line) => line === 'booked in_1')).toHaveLength(1)
  await app.end()
})
