import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logger, memoryInbox } from '../../src/index.ts'
import { basic, token } from '../../src/provider/index.ts'
import type { WebhookEvent } from '../../src/index.ts'
import { acme, setup, type AcmeSpec } from '../acme.ts'
import { pathOf } from '../../src/receive/strip.ts'

const SECRET = 'hunter2-hunter2'

/** Sends a delivery. Returns its event, and all text that the handler, the store, observers and the log get. */
async function shown(
  spec: AcmeSpec,
  sent: { url?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ event: WebhookEvent; text: string }> {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const inbox = memoryInbox()
  const { receiver, heard } = setup({
    provider: acme(spec),
    inbox,
    log: logger({ info: write, warn: write, error: write }),
  })
  let event: WebhookEvent | undefined
  receiver.onAny({ retry: { attempts: 1 } }, (given) => {
    event = given
    throw new Error('look at the dead task')
  })
  const request = receiver.provider.sign!({ payload: { a: 1 }, id: 'e1', topic: 'ping', ...sent })
  expect((await receiver.receive(request)).status).toBe(200)
  await heard.until('dead')
  const [task] = await receiver.tasks()
  const detail = await inbox.view!.get(task!.id)
  const seen = [...heard.names].flatMap((name) => heard.all(name))
  const bodies = [event!.delivery.body, detail!.delivery.body].map(String)
  return { event: event!, text: JSON.stringify([event, detail, seen, lines, bodies, task]) }
}

describe('credentials are gone from what handlers, store, log and observers see', () => {
  test('a token in a header', async () => {
    const { event, text } = await shown({
      scheme: token({ header: 'X-Token' }) as never,
      secret: SECRET,
    })
    expect(text).not.toContain(SECRET)
    expect(event.delivery.headers.map(([name]) => name)).toContain('x-acme-topic')
    expect(event.delivery.headers.map(([name]) => name)).not.toContain('x-token')
  })

  test('Basic credentials, cookies and whatever authenticates to a proxy', async () => {
    const secret = `user:${SECRET}`
    const { text } = await shown(
      { scheme: basic() as never, secret },
      { headers: { cookie: SECRET, 'Proxy-Authorization': SECRET } },
    )
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(Buffer.from(secret).toString('base64'))
  })

  test('a token in the query, and all other parameters are left as they were written', async () => {
    const { event, text } = await shown(
      { scheme: token({ query: 'key' }) as never, secret: SECRET },
      { url: 'https://example.com/hook?a=%7e+b&c' },
    )
    expect(text).not.toContain(SECRET)
    expect(event.delivery.url).toMatch(/^https:\/\/example\.com\/hook\?a=/)
  })

  test('the credentials of other senders and of platforms in headers and query, whatever its provider', async () => {
    const { event, text } = await shown(
      {},
      {
        url: `https://u:${SECRET}@example.com/hook?a=1&code=${SECRET}&access_token=${SECRET}&b=2`,
        headers: {
          'X-Gitlab-Token': SECRET,
          'x-original-x-gitlab-token': SECRET,
          'X-Vercel-Oidc-Token': SECRET,
          'cf-access-jwt-assertion': SECRET,
          'x-forwarded-access-token': SECRET,
          'x-amzn-oidc-data': SECRET,
          'x-idempotency-token': 'an id',
        },
      },
    )
    expect(text).not.toContain(SECRET)
    expect(event.delivery.url).toBe('https://example.com/hook?a=1&b=2')
    expect(event.delivery.headers).toContainEqual(['x-idempotency-token', 'an id'])
  })

  test('but fields of the body only if they are of its provider: handlers get what was sent', async () => {
    const body = '{ "passcode":"mine","verification_token":"too"}'
    const headers = { 'content-length': '47', 'X-Own': SECRET }
    const { event, text } = await shown({ credentials: { headers: ['X-Own'] } }, { body, headers })
    expect(event.payload).toEqual({ passcode: 'mine', verification_token: 'too' })
    expect(String(event.delivery.body)).toBe(body)
    expect(event.delivery.headers).toContainEqual(['content-length', '47'])
    expect(text).not.toContain(SECRET)
  })

  test('a field at a path, in the body and in each event of it', async () => {
    const { event, text } = await shown(
      {
        credentials: { fields: ['value[].state', 'tokens[]'] },
        events: (_, { value }) => [
          { topic: 'ping', payload: (value as { value: unknown[] }).value[0] },
        ],
      },
      {
        body: `{"value":[{"state":"${SECRET}","id":9007199254740993}],"tokens":["${SECRET}"],"state":1}`,
      },
    )
    expect(text).not.toContain(SECRET)
    expect(String(event.delivery.body)).toBe(
      '{"value":[{"id":9007199254740993}],"tokens":[],"state":1}',
    )
    expect(event.payload).toEqual({ id: 9007199254740992 })
  })

  test('a field of a compressed body, which is kept without compression and does not say otherwise', async () => {
    const provider = acme({ codings: { gzip: 'sent' }, credentials: { fields: ['token'] } })
    const { receiver, heard } = setup({ provider })
    let event: WebhookEvent | undefined
    receiver.onAny((given) => void (event = given))
    const plain = JSON.stringify({ token: SECRET, n: 1 })
    const request = provider.sign!({ id: 'e1', topic: 'ping', body: gzipSync(plain) })
    const headers = { ...request.headers, 'content-encoding': 'gzip', 'content-length': '40' }
    expect((await receiver.receive({ ...request, headers })).status).toBe(200)
    await heard.until('done')
    expect(String(event!.delivery.body)).toBe('{"n":1}')
    const names = event!.delivery.headers.map(([name]) => name)
    expect(names).toContain('x-acme-topic')
    expect(names).not.toContain('content-encoding')
    expect(names).not.toContain('content-length')
  })

  test('a field of a JSON body, with all other members as they were', async () => {
    const { event, text } = await shown(
      { credentials: { fields: ['token', 'password'] } },
      { body: `{"token":"${SECRET}","n":9007199254740993,"a":{"token":"inner"}}` },
    )
    expect(text).not.toContain(SECRET)
    expect(String(event.delivery.body)).toBe('{"n":9007199254740993,"a":{"token":"inner"}}')
    expect(event.payload).toEqual({ n: 9007199254740992, a: { token: 'inner' } })
  })

  test('a field of a form', async () => {
    const { event, text } = await shown(
      { formats: ['form'], credentials: { fields: ['token'] } },
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `a=1&token=${SECRET}&token=${SECRET}&b=%C3%A4`,
      },
    )
    expect(text).not.toContain(SECRET)
    expect(String(event.delivery.body)).toBe('a=1&b=%C3%A4')
    expect(event.payload).toEqual({ a: '1', b: 'ä' })
  })

  test('a body of a kind that cannot be written again is not kept at all', async () => {
    const { event, text } = await shown(
      {
        formats: ['text'],
        credentials: { fields: ['token'] },
        events: () => [{ topic: 'ping', payload: 0 }],
      },
      { headers: { 'content-type': 'text/plain' }, body: `{"a":"${SECRET}"}` },
    )
    expect(text).not.toContain(SECRET)
    expect(event.delivery.body).toHaveLength(0)
  })

  test.each([
    ['a list', `[{"token":"${SECRET}"}]`],
    ['a text', `"${SECRET}"`],
    ['null', 'null'],
  ])('a JSON body that is %s is not kept at all', async (_, body) => {
    const { event } = await shown(
      { credentials: { fields: ['token'] }, events: () => [{ topic: 'ping', payload: 0 }] },
      { body },
    )
    expect(event.delivery.body).toHaveLength(0)
    expect(event.payload).toBe(0)
  })
})

test.each([
  ['https://h/a?key=s', 'https://h/a'],
  ['https://h/a#f', 'https://h/a#f'],
  ['https://h/a?key=s&key=t&b=%7e+c#f', 'https://h/a?b=%7e+c#f'],
  ['https://h/a?b&k%65y=s', 'https://h/a?b'],
  ['https://h/a?b=1&key=s&c=2', 'https://h/a?b=1&c=2'],
  ['?key=s&b=2', '?b=2'],
  ['#?key=s', '#?key=s'],
  ['/relative?key=s&b=2', '/relative?b=2'],
  ['https://h/a#?key=s', 'https://h/a#?key=s'],
  ['https://h/a?u=http://x@y', 'https://h/a?u=http://x@y'],
])('%s is kept as %s', async (url, expected) => {
  const provider = acme({ credentials: { query: ['key'] } })
  const { receiver, heard } = setup({ provider })
  const urls: string[] = []
  receiver.on('ping', (event) => void urls.push(event.delivery.url))
  await receiver.receive({ ...provider.sign!({ payload: {} }), url })
  await heard.until('done')
  expect(urls).toEqual([expected])
})

test.each([
  ['https://h/a/b?c', '/a/b'],
  ['https://h/a/b', '/a/b'],
  ['?a/b', '/'],
  ['https://h', '/'],
  ['https://h?a=/b', '/'],
  ['/a/b#c', '/a/b'],
  ['/', '/'],
  ['', '/'],
])('the path of %o is %s', (url, path) => {
  expect(pathOf(url)).toBe(path)
})
