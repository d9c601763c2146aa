// Takes 20 s.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { freePort } from '../services/temporary.ts'
import { buildNext, send, startNext, stripeEvent, type Example } from './example.ts'

const secret = 'whsec_of the example'
const folder = mkdtempSync(join(tmpdir(), 'postern-next-stripe-'))
const env = { STRIPE_WEBHOOK_SECRET: secret, WEBHOOKS_DB: join(folder, 'webhooks.db') }
let example: Example

beforeAll(async () => {
  await buildNext('next-stripe', env)
  // Runs the build's standalone folder in another place, as a container does. Its server does not accept port 0.
  const app = join(folder, 'app')
  const standalone = join(root, 'examples/next-stripe/.next/standalone')
  cpSync(standalone, app, { recursive: true, verbatimSymlinks: true })
  const server = {
    ...env,
    NEXT_MANUAL_SIG_HANDLE: 'true',
    HOSTNAME: '127.0.0.1',
    PORT: String(await freePort()),
  }
  example = await startNext(join(app, 'examples', 'next-stripe'), server, ['server.js'])
})
afterAll(async () => {
  await example?.stop()
  rmSync(folder, { recursive: true })
})

test('next-stripe, built and started as a container does, takes a paid invoice once and a subscription, typed by Stripe', async () => {
  const sign = (): ReturnType<typeof stripeEvent> =>
    stripeEvent(secret, example.port, 'evt_1', { id: 'in_1', amount_paid: 4200, currency: 'eur' })
  const paid = sign()
  expect((await send({ ...paid, body: Buffer.from('{}') })).status).toBe(401)
  expect((await send(paid)).status).toBe(200)
  await example.line('invoice in_1 paid: 4200 eur')
  // Stripe signs a retry again, but keeps the event's id.
  expect((await send(sign())).status).toBe(200)
  const topic = 'customer.subscription.updated'
  const updated = stripeEvent(secret, example.port, 'evt_2', { id: 'sub_1' }, topic)
  expect((await send(updated)).status).toBe(200)
  await example.line('customer.subscription.updated: sub_1')
  expect(example.lines.filter((line) => line.includes('in_1'))).toHaveLength(1)
})

test('at a signal it closes the receiver and the inbox, and ends well', async () => {
  const log = `${env.WEBHOOKS_DB}-wal`
  expect(existsSync(log)).toBe(true)
  expect(await example.end()).toBe(0)
  // SQLite deletes the write-ahead log when the file is closed.
  expect(existsSync(log)).toBe(false)
})
