import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hmac } from '@postern/core/scheme'
import { generic } from '@postern/providers/generic'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, listenOn } from '../services/temporary.ts'
import { send, startExample, type Example } from './example.ts'

const secret = 'shared with the bank'
const signingSecret = `whsec_${randomBytes(24).toString('base64')}`
const mails: string[] = []
let reject = 0
let arrived: () => void = () => {}
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, _session, done) {
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    stream.on('end', () => {
      if (reject-- > 0) return done(new Error('busy, try again'))
      mails.push(text)
      done()
      arrived()
    })
  },
})
let example: Example
let shopEnv: Record<string, string>

beforeAll(async () => {
  const port = await listenOn(smtp.server)
  shopEnv = {
    BANK_WEBHOOK_SECRET: secret,
    BANK_SIGNING_SECRET: signingSecret,
    SMTP_URL: `smtp://127.0.0.1:${port}`,
  }
  example = await startExample('bank-charge-email', shopEnv)
})
afterAll(async () => {
  await example.stop()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
})

const bank = generic({
  scheme: hmac({ header: 'X-Bank-Signature' }),
  secret,
  eventIdHeader: 'X-Bank-Event-Id',
  topicHeader: 'X-Bank-Event',
})

test('a charge in JSON sends one email, whatever is delivered again and however often the mail server rejects', async () => {
  reject = 2
  const charge = {
    email: 'ada@example.com',
    amount: '12.50',
    currency: 'EUR',
    merchant: 'Bäckerei',
  }
  const request = sign('charge-1', JSON.stringify(charge), 'application/json')
  const first = mail()
  const replies = await Promise.all(Array.from({ length: 20 }, () => send(request)))
  expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 20 }, () => 200))
  await first
  expect((await send(request)).status).toBe(200)
  const second = mail()
  expect(
    (
      await send(
        sign('charge-2', JSON.stringify({ ...charge, amount: '7.00' }), 'application/json'),
      )
    ).status,
  ).toBe(200)
  await second
  expect(mails).toHaveLength(2)
  expect(mails[0]).toContain('Subject: Your card was charged 12.50 EUR')
  expect(mails[1]).toContain('Subject: Your card was charged 7.00 EUR')
})

test('the same charge as XML sends an email too', async () => {
  const before = mails.length
  const one = mail()
  const xml =
    '<?xml version="1.0"?><charge><email>grace@example.com</email><amount>007.10</amount><currency>USD</currency><merchant>A &amp; B</merchant></charge>'
  expect((await send(sign('charge-3', xml, 'application/xml'))).status).toBe(200)
  await one
  expect(mails).toHaveLength(before + 1)
  expect(mails.at(-1)).toContain('To: grace@example.com')
  expect(mails.at(-1)).toContain('A & B charged your card 007.10 USD')
})

test('a charge that somebody else signed sends none', async () => {
  const forged = {
    ...sign('charge-4', '{}', 'application/json'),
    body: Buffer.from('{"email":"eve@example.com"}'),
  }
  expect((await send(forged)).status).toBe(401)
  // The receiver does not store the rejected delivery, so only the log shows the reason.
  expect(example.lines.some((line) => line.includes('signature_mismatch'))).toBe(true)
})

test('a charge the bank took brings one email, though shop and bank were both down in between', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bank-'))
  const port = await freePort()
  const env = {
    BANK_DB: join(folder, 'bank.db'),
    BANK_KEY: randomBytes(32).toString('base64'),
    BANK_SIGNING_SECRET: signingSecret,
    SHOP_URL: `http://127.0.0.1:${port}/webhooks/standard-bank`,
  }
  const before = mails.length
  const charge = {
    id: 'charge-5',
    email: 'joan@example.com',
    amount: '3.20',
    currency: 'EUR',
    merchant: 'Kiosk',
  }
  const first = await startBank(env)
  expect(await post(first.port, charge)).toEqual([202, { id: 'charge-5', known: false }])
  await first.stop()

  const one = mail()
  const shop = await startExample('bank-charge-email', { ...shopEnv, PORT: String(port) })
  const second = await startBank(env)
  try {
    expect(await post(second.port, charge)).toEqual([202, { id: 'charge-5', known: true }])
    await one
    const two = mail()
    await post(second.port, { ...charge, id: 'charge-6', amount: '4.00' })
    await two
    expect(mails.slice(before).map((text) => /Subject: (.*)/.exec(text)![1]!.trim())).toEqual([
      'Your card was charged 3.20 EUR',
      'Your card was charged 4.00 EUR',
    ])
  } finally {
    await Promise.all([second.stop(), shop.stop()])
    rmSync(folder, { recursive: true })
  }
})

function startBank(env: Readonly<Record<string, string>>): Promise<Example> {
  return startExample('bank-charge-email', env, { args: ['bank.ts'] })
}

async function post(port: number, charge: object): Promise<[number, unknown]> {
  const reply = await fetch(`http://127.0.0.1:${port}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(charge),
  })
  return [reply.status, await reply.json()]
}

function sign(id: string, body: string, type: string): ReturnType<NonNullable<typeof bank.sign>> {
  return bank.sign!({
    id,
    topic: 'card.charged',
    body,
    headers: { 'content-type': type },
    url: `http://localhost:${example.port}/webhooks/bank`,
  })
}

function mail(): Promise<void> {
  return new Promise((resolve) => (arrived = resolve))
}
