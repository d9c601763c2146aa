import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { sign } from '@octokit/webhooks-methods'
import Stripe from 'stripe'
import twilio from 'twilio'
import type { Started } from './start.ts'

const secret = 'a secret of the hosts'

/** Check of a host. It throws if the host behaves otherwise. */
export type HostCase = (host: Started) => Promise<void>

/** The checks of each host, by the column of RESULTS.md. */
export const columns: Readonly<Record<string, HostCase>> = {
  'bytes: binary': (host) => exact(host, Buffer.concat([EVERY, randomBytes(64)]), BINARY),
  'byte order mark': (host) =>
    exact(host, Buffer.from(`\uFEFF{"at":"${Date.now()}"}`), 'application/json'),
  base64: (host) => exact(host, Buffer.from(randomBytes(99).toString('base64')), 'text/plain'),
  'no type': (host) => exact(host, Buffer.from(`{ "a" : 1, "b":${Date.now()} }`), undefined),
  'GitHub signer': github,
  'Stripe signer': async (host) => assert.equal((await invoice(host, 'evt_a')).status, 200),
  'Twilio form': form,
  duplicate,
  forged,
  handshake,
}

const EVERY = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
const BINARY = 'application/octet-stream'

/** The handler must get exactly the same bytes. */
async function exact(host: Started, body: Buffer, type: string | undefined): Promise<void> {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = { 'x-signature': signature, ...(type !== undefined && { 'content-type': type }) }
  assert.equal((await ask(host, '/webhooks/bytes', { headers, body })).status, 200)
  await host.line(
    new RegExp(`^handled bytes .* ${createHash('sha256').update(body).digest('hex')}$`),
  )
}

async function github(host: Started): Promise<void> {
  const body = '{ "zen" : "Ünïcode \\u2028 \\/ 1.0" }'
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': 'gh1',
    'x-hub-signature-256': await sign(secret, body),
  }
  assert.equal((await ask(host, '/webhooks/github', { headers, body })).status, 200)
}

async function form(host: Started): Promise<void> {
  const sent = { MessageSid: `SM${Date.now()}`, SmsStatus: 'received', Body: 'ä b+c & d=é' }
  const url = `${host.url}/webhooks/twilio`
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': twilio.getExpectedTwilioSignature(secret, url, sent),
  }
  const body = new URLSearchParams(sent).toString()
  assert.equal((await ask(host, '/webhooks/twilio', { headers, body })).status, 200)
  await host.line(/^handled twilio /)
}

/** Sends a paid invoice that Stripe's own package signed. Its handler takes `pause` milliseconds. */
export function invoice(host: Started, id: string, pause?: number): Promise<Answer> {
  const body = JSON.stringify({
    id,
    object: 'event',
    type: 'invoice.paid',
    data: { object: { pause } },
  })
  const signature = new Stripe('sk_test_none').webhooks.generateTestHeaderString({
    payload: body,
    secret: 'whsec_of the hosts',
  })
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
  return ask(host, '/webhooks/stripe', { headers, body })
}

async function duplicate(host: Started): Promise<void> {
  for (let time = 0; time < 3; time++) assert.equal((await invoice(host, 'evt_b')).status, 200)
  assert.equal((await invoice(host, 'evt_c')).status, 200)
  await host.line(/^handled stripe evt_c /)
  assert.equal(host.lines.filter((line) => line.startsWith('handled stripe evt_b ')).length, 1)
}

async function forged(host: Started): Promise<void> {
  const headers = { 'content-type': BINARY, 'x-signature': 'ab'.repeat(32) }
  assert.equal((await ask(host, '/webhooks/bytes', { headers, body: 'x' })).status, 401)
}

async function handshake(host: Started): Promise<void> {
  const query =
    'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20token%20of%20the%20hosts'
  const { status, body } = await ask(host, `/webhooks/meta?${query}`, { method: 'GET' })
  assert.deepEqual([status, body], [200, '1158201444'])
}

/** The framework must still reject forms from other sites on its own routes. */
export async function rejected(host: Started, path: string): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const origin of [{}, { origin: 'https://elsewhere.example' }]) {
    const sent = { headers: { ...headers, ...origin }, body: 'a=1' }
    assert.equal((await ask(host, path, sent)).status, 403)
  }
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Sends a request on a new connection. The host would wait for a kept-alive connection when it ends. */
async function ask(
  { url }: Pick<Started, 'url'>,
  path: string,
  {
    method = 'POST',
    headers = {},
    body,
  }: { method?: string; headers?: object; body?: string | Buffer } = {},
): Promise<Answer> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const sent = request(`${url}${path}`, {
    method,
    headers: { ...headers, ...length },
    agent: false,
  }).end(body)
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: reply.statusCode!, body: await text(reply) }
}
