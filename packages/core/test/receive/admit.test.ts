import { describe, expect, test } from 'vitest'
import { textReply, WebhookError } from '../../src/index.ts'
import type { Provider } from '../../src/provider/index.ts'
import { acme, setup } from '../acme.ts'

type Sent = Readonly<Record<string, string>>

const url = 'https://example.com/hook'

/** Creates a provider that requires the header `x-key`, and replies to the body `ping` with `pong`. */
function headed(more: Partial<Provider> = {}): Provider {
  return {
    ...acme(),
    admit(head) {
      if (head.header('x-key') !== 'k')
        throw new WebhookError('missing_header', 'header x-key is missing')
    },
    greet: (delivery) =>
      String(Buffer.from(delivery.body)) === 'ping' ? textReply('pong') : undefined,
    ...more,
  }
}

function admit(provider: Provider, headers: Sent = {}, method = 'POST'): number | undefined {
  const { receiver } = setup({ provider, limits: { body: 10_000 } })
  return receiver.admit({
    method,
    url,
    headers: { get: (name) => headers[name], all: () => [], lines: () => [] },
  }).limit
}

describe('the head alone', () => {
  test.each<[string, string, Sent]>([
    ['unsupported_encoding', 'a coding that nobody declared', { 'content-encoding': 'gzip' }],
    ['unsupported_encoding', 'two codings', { 'content-encoding': 'identity, br' }],
    ['body_too_large', 'a length beyond the limit', { 'content-length': '10001' }],
    ['missing_header', 'a header that is missing', {}],
  ])('is rejected with %s for %s', (code, _, headers) => {
    expect(() => admit(headed(), headers)).toThrow(expect.objectContaining({ code }))
  })

  test('is admitted with its limit', () => {
    expect(admit(headed(), { 'x-key': 'k', 'content-length': '10000' })).toBe(10_000)
    expect(admit(headed(), { 'x-key': 'k', 'content-encoding': ' Identity ' })).toBe(10_000)
  })

  test('may have a coding that is declared, or one that says nothing', () => {
    const provider = headed({ codings: { gzip: 'sent' } })
    for (const coding of ['gzip', 'x-gzip', 'GZIP', '', ' '])
      expect(admit(provider, { 'x-key': 'k', 'content-encoding': coding })).toBe(10_000)
    for (const coding of ['br', 'gzip, gzip'])
      expect(() => admit(provider, { 'x-key': 'k', 'content-encoding': coding })).toThrow(
        expect.objectContaining({ code: 'unsupported_encoding' }),
      )
  })

  test('a greeting that comes as POST may have a kibibyte, if the provider says so', () => {
    expect(() => admit(headed())).toThrow(expect.objectContaining({ code: 'missing_header' }))
    const provider = headed({ greets: 'body' })
    expect(admit(provider)).toBe(1024)
    expect(admit(provider, { 'content-length': '1024' })).toBe(1024)
    expect(() => admit(provider, { 'content-length': '1025' })).toThrow(
      expect.objectContaining({ code: 'missing_header' }),
    )
  })
})

test.each([
  [undefined, 'identity', 'absent'],
  [{ gzip: 'sent' } as const, 'gzip', 'gzip'],
])('the rejection of a coding says which ones are taken: %j', (codings, taken, expected) => {
  const provider = headed(codings && { codings })
  expect(() => admit(provider, { 'content-encoding': 'br' })).toThrow(
    expect.objectContaining({
      expected,
      headers: { 'accept-encoding': taken },
      ...(!codings && { remedy: expect.stringContaining('declares in codings') as string }),
    }),
  )
})

test('the rejection of a method says which ones are taken', () => {
  expect(() => admit(headed({ methods: ['GET', 'PUT'] }))).toThrow(
    expect.objectContaining({ headers: { allow: 'GET, PUT' } }),
  )
})

test('a body that is too large is rejected with the limit at fault', () => {
  expect(() => admit(headed(), { 'content-length': '10001' })).toThrow(
    expect.objectContaining({ option: 'limits.body', limit: 10_000, got: 10_001 }),
  )
  const { admit: _, ...provider } = acme()
  const { receiver } = setup({ provider, limits: { body: 10 } })
  const headers = { get: () => undefined, all: () => [], lines: () => [] }
  const admission = receiver.admit({ method: 'POST', url, headers })
  expect(admission.tooLarge()).toMatchObject({ option: 'limits.body', limit: 10 })
})

test('a head without what its scheme needs is rejected for any method, if nothing is greeted', () => {
  const { greet: _, ...provider } = headed({ methods: ['GET', 'POST'] })
  for (const method of ['GET', 'POST'])
    expect(() => admit(provider, {}, method)).toThrow(
      expect.objectContaining({ code: 'missing_header' }),
    )
  const greeting = headed({ methods: ['GET', 'POST'] })
  expect(admit(greeting, {}, 'GET')).toBe(1024)
})

test('a greeting is read and answered; more than a kibibyte is rejected for what its head lacks', async () => {
  const provider = headed({ greets: 'body' })
  const { receiver } = setup({ provider })
  expect((await receiver.receive({ url, body: 'ping' })).body).toBe('pong')
  expect((await receiver.receive({ url, body: 'a'.repeat(1025) })).status).toBe(401)
  const request = new Request(url, { method: 'POST', body: 'a'.repeat(1025) })
  expect(await (await receiver.fetch(request)).json()).toMatchObject({ code: 'missing_header' })
})

test('what the head condemns is answered before a byte of the body is read', async () => {
  let pulledBefore: boolean | undefined
  let isRejected = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulledBefore ??= !isRejected
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const rejected = (): void => void (isRejected = true)
  const { receiver, heard } = setup({ provider: headed(), observers: [{ rejected }] })
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  const replied = receiver.fetch(new Request(url, init))
  expect((await heard.until('rejected'))[1].code).toBe('missing_header')
  expect((await replied).status).toBe(401)
  expect(pulledBefore).toBe(false)
})
