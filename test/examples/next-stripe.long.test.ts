import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripe } from '@postern/providers/stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../services/temporary.ts'
import { send, watch, type Example } from './example.ts'

const secret = 'whsec_of the example'
const cwd = fileURLToPath(new URL('../../examples/next-stripe/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'postern-next-stripe-'))
const env: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_ENV: 'production',
  NEXT_TELEMETRY_DISABLED: '1',
  STRIPE_WEBHOOK_SECRET: secret,
  WEBHOOKS_DB: join(folder, 'webhooks.db'),
}
let example: Example

beforeAll(async () => {
  const build = run(['node_modules/next/dist/bin/next', 'build'], cwd)
  let output = ''
  for (const stream of [build.stdout!, build.stderr!])
    stream.on('data', (part: Buffer) => (output += part.toString()))
  const [code] = (await once(build, 'exit')) as [number]
  expect(code, output).toBe(0)
  // As a container has it: what the build gives, in a place of its own, with a server that knows no port 0.
  const app = join(folder, 'app')
  cpSync(join(cwd, '.next', 'standalone'), app, { recursive: true, verbatimSymlinks: true })
  const server = run(['server.js'], join(app, 'examples', 'next-stripe'), {
    NEXT_MANUAL_SIG_HANDLE: 'true',
    HOSTNAME: '127.0.0.1',
    PORT: String(await freePort()),
  })
  example = await watch(server, /http:\/\/127\.0\.0\.1:(\d+)/)
  await example.line('Ready in')
})
afterAll(async () => {
  await example?.stop()
  rmSync(folder, { recursive: true })
})

test('next-stripe, built and started as a container does, takes a paid invoice once and a subscription, typed by Stripe', async () => {
  const invoice = {
    id: 'evt_1',
    object: 'event',
    type: 'invoice.paid',
    data: { object: { id: 'in_1', amount_paid: 4200, currency: 'eur' } },
  }
  const paid = sign(invoice)
  expect((await send({ ...paid, body: Buffer.from('{}') })).status).toBe(401)
  expect((await send(paid)).status).toBe(200)
  await example.line('invoice in_1 paid: 4200 eur')
  // A retry of Stripe's is signed again and has the same id.
  expect((await send(sign(invoice))).status).toBe(200)
  const updated = {
    id: 'evt_2',
    object: 'event',
    type: 'customer.subscription.updated',
    data: { object: { id: 'sub_1' } },
  }
  expect((await send(sign(updated))).status).toBe(200)
  await example.line('customer.subscription.updated: sub_1')
  expect(example.lines.filter((line) => line.includes('in_1'))).toHaveLength(1)
})

test('at a signal it closes the receiver and the inbox, and ends well', async () => {
  const log = `${env['WEBHOOKS_DB']}-wal`
  expect(existsSync(log)).toBe(true)
  expect(await example.end()).toBe(0)
  // SQLite removes the log when the file is closed.
  expect(existsSync(log)).toBe(false)
})

function run(
  args: readonly string[],
  folder: string,
  more: NodeJS.ProcessEnv = {},
): ReturnType<typeof spawn> {
  return spawn(process.execPath, args, {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function sign(payload: object): Parameters<typeof send>[0] {
  return stripe({ secret }).sign!({
    url: `http://127.0.0.1:${example.port}/webhooks/stripe`,
    payload,
  })
}
