import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { parseJson } from '@postern/core/internal'
import { bodyLimits, bodySecret, keyScheme, lateAnswer, type KeyQuestion } from './bodies.ts'

/** Cases of bodies, limits and keys, by name. Each gets the address of a runtime. */
export const cases: Readonly<Record<string, (origin: string) => Promise<void>>> = {
  'a gzip body': (origin) =>
    handles(origin, {
      body: gzipSync('{"text":"Hällo"}'),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      payload: { text: 'Hällo' },
    }),
  'an XML body': (origin) =>
    handles(origin, {
      body: '<?xml version="1.0"?><order no="7"><line>a &amp; b</line><line>ü</line></order>',
      headers: { 'content-type': 'application/xml' },
      payload: { order: { '@no': '7', line: ['a & b', 'ü'] } },
    }),
  'a multipart body': (origin) =>
    handles(origin, {
      body: multipart,
      headers: { 'content-type': 'multipart/form-data; boundary=XX' },
      payload: {
        fields: { greeting: 'Hällo' },
        files: [{ name: 'file', filename: 'ü.txt', contentType: 'text/csv', data: 'a;b\r\n1;ü' }],
      },
    }),
  'integers beyond 2^53': (origin) =>
    handles(origin, {
      body: '{"big":9007199254740993123,"small":42,"less":-9007199254740993}',
      headers: { 'content-type': 'application/json' },
      payload: {
        big: 9007199254740993123n,
        'big:type': 'bigint',
        small: 42,
        less: -9007199254740993n,
        'less:type': 'bigint',
      },
    }),
  'a chunked body over the limit': async (origin) => {
    const chunks = Array.from({ length: 5 }, () => Buffer.alloc(bodyLimits.body / 4, 'a'))
    await rejects(origin, { chunks, headers: signed(chunks[0]!) }, 413, 'body_too_large')
  },
  'a body over the limit by its Content-Length': async (origin) => {
    const body = Buffer.alloc(bodyLimits.body + 1, 'a')
    const headers = { 'content-length': String(body.length) }
    await rejects(origin, { chunks: [body], headers }, 413, 'body_too_large')
  },
  'a body that inflates over the limit': async (origin) => {
    const body = gzipSync(Buffer.alloc(bodyLimits.decompressed + 1, 'a'))
    const headers = {
      ...signed(body),
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    }
    await rejects(origin, { chunks: [body], headers }, 413, 'decompressed_too_large')
  },
  'a gzip body that is followed by something': async (origin) => {
    const body = Buffer.concat([gzipSync('{}'), Buffer.from('more')])
    const headers = {
      ...signed(body),
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    }
    await rejects(origin, { chunks: [body], headers }, 400, 'malformed_body')
  },
  'a body that does not end in time': (origin) =>
    rejects(origin, { chunks: [open], headers: signed(open), endless: true }, 408, 'body_timeout'),
  'an answer after its deadline': async (origin) => {
    const body = Buffer.from('{}')
    const headers = { ...signed(body), 'x-topic': 'slow', 'content-type': 'application/json' }
    const reply = await post(origin, { chunks: [body], headers })
    assert.deepEqual(reply, { status: 200, body: lateAnswer.body })
  },
  'a key of type RSASSA-PSS': (origin) => verifies(origin, 'rsa-pss'),
  'RSASSA-PSS with a key of the general type': (origin) => verifies(origin, 'rsa'),
}

const open = Buffer.from('{')

const multipart = [
  '--XX',
  'Content-Disposition: form-data; name="greeting"',
  '',
  'Hällo',
  '--XX',
  'Content-Disposition: form-data; name="file"; filename="ü.txt"',
  'Content-Type: text/csv',
  '',
  'a;b\r\n1;ü',
  '--XX--',
  '',
].join('\r\n')

/** Sends a delivery and checks the payload that the handler gets. */
async function handles(
  origin: string,
  given: {
    readonly body: string | Uint8Array
    readonly headers: Readonly<Record<string, string>>
    readonly payload: unknown
  },
): Promise<void> {
  const body = Buffer.from(given.body)
  const id = createHmac('sha256', 'id').update(body).digest('hex')
  const headers = { ...signed(body), 'x-topic': 'ping', 'x-id': id, ...given.headers }
  assert.deepEqual(await post(origin, { chunks: [body], headers }), { status: 200, body: '' })
  for (let tries = 0; ; tries++) {
    const lines = parseJson(await (await fetch(`${origin}bodies`)).text(), {
      depth: 20,
      exact: true,
    }) as { id: string; payload: unknown }[]
    const found = lines.filter((line) => line.id === id)
    if (found.length > 0) {
      assert.deepEqual(found, [{ id, payload: given.payload }])
      return
    }
    assert.ok(tries < 100, 'no handler got the delivery')
  }
}

async function rejects(
  origin: string,
  outgoing: Outgoing,
  status: number,
  code: string,
): Promise<void> {
  const reply = await post(origin, outgoing)
  assert.equal(reply.status, status, reply.body)
  assert.equal((JSON.parse(reply.body) as { readonly code?: unknown }).code, code)
}

async function verifies(origin: string, type: 'rsa' | 'rsa-pss'): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync(type as 'rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const body = '{"type":"ping"}'
  const { url, headers } = keyScheme.sign!(
    {
      method: 'POST',
      url: `${origin}keys`,
      body: Buffer.from(body),
      headers: {},
    },
    keyScheme.key(privateKey),
    Date.now(),
  )
  const ask = async (question: KeyQuestion): Promise<unknown> =>
    (await fetch(`${origin}keys`, { method: 'POST', body: JSON.stringify(question) })).json()
  const question: KeyQuestion = { publicKey, url, headers, body }
  assert.deepEqual(await ask(question), { status: 200 })
  assert.deepEqual(await ask({ ...question, body: '{"type":"pong"}' }), { status: 401 })
}

function signed(body: Uint8Array): Record<string, string> {
  return { 'x-signature': createHmac('sha256', bodySecret).update(body).digest('hex') }
}

interface Outgoing {
  /** Written one after another. Without a header for the length, the request uses `Transfer-Encoding: chunked`. */
  readonly chunks: readonly Uint8Array[]
  readonly headers?: Readonly<Record<string, string>>
  /** Does not end the request. */
  readonly endless?: boolean
}

/** Sends a body in pieces. fetch() does not support this in every Node.js version. */
function post(origin: string, outgoing: Outgoing): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const request = send(`${origin}bodies`, { method: 'POST', headers: { ...outgoing.headers } })
  request.on('error', reject)
  request.on('response', (response) => {
    text(response)
      .then((body) => resolve({ status: response.statusCode ?? 0, body }))
      .catch(reject)
      .finally(() => request.destroy())
  })
  for (const chunk of outgoing.chunks) request.write(chunk)
  if (outgoing.endless !== true) request.end()
  return promise
}
