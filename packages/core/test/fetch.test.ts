import { describe, expect, test } from 'vitest'
import { memoryInbox, type WebhookError } from '../src/index.ts'
import type { FetchHost, Limits } from '../src/basics/index.ts'
import type { Inbox } from '../src/inbox/inbox.ts'
import { acme, pinged, setup } from './acme.ts'

interface Sent {
  readonly body?: BodyInit | ReadableStream<Uint8Array>
  readonly headers?: Record<string, string>
  readonly method?: string
}

/** Returns a signed request. `body` replaces the signed body. */
function signed(sent: Sent = {}, payload: unknown = { a: 1 }): Request {
  const { url, headers, body } = acme().sign!({ payload, id: 'e1' })
  return new Request(url, {
    method: sent.method ?? 'POST',
    headers: { ...headers, ...sent.headers },
    body: (sent.body ?? (body as BodyInit)) as BodyInit,
    ...(sent.body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit)
}

const streamOf = (...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk))
      controller.close()
    },
  })

async function problem(
  request: Request,
  limits: Partial<Limits> = {},
  host?: FetchHost,
): Promise<{
  status: number
  code: unknown
  response: Response
  rejected: WebhookError | undefined
}> {
  const { receiver, heard } = pinged({ limits })
  const response = await receiver.fetch(request, host)
  const text = await response.text()
  expect(heard.all('accepted')).toEqual([])
  return {
    status: response.status,
    code: (JSON.parse(text) as { code: unknown }).code,
    response,
    rejected: heard.all('rejected')[0]?.[1],
  }
}

test('a Request becomes a Response, and the event its bytes, context and URL', async () => {
  const { receiver, heard } = setup()
  const seen: unknown[] = []
  receiver.on('ping', (event) => void seen.push(event))
  const response = await receiver.fetch(signed(), {
    context: (request) => ({ method: request.method }),
    url: 'https://public.example/hook',
  })
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('')
  await heard.until('done')
  expect(seen).toMatchObject([
    {
      payload: { a: 1 },
      context: { method: 'POST' },
      delivery: { url: 'https://public.example/hook' },
    },
  ])
})

test('a time limit beyond one timer is no limit of nothing', async () => {
  const { receiver } = pinged({ limits: { bodyTimeout: '365d' } })
  const slow = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve))
      controller.enqueue(Buffer.from('{"a":1}'))
      controller.close()
    },
  })
  expect((await receiver.fetch(signed({ body: slow }))).status).toBe(200)
})

describe('a body that is not all there', () => {
  test('because it was read before is a 500 that names the fix', async () => {
    const read = signed()
    await read.text()
    const locked = signed()
    locked.body!.getReader()
    for (const request of [read, locked]) {
      const { status, code, rejected } = await problem(request)
      expect([status, code]).toEqual([500, 'body_consumed'])
      expect(rejected?.remedy).toContain('give the receiver the Request first')
    }
  })

  test('unless the host kept the bytes', async () => {
    const { receiver } = pinged()
    const request = signed()
    const body = new Uint8Array(await request.arrayBuffer())
    expect((await receiver.fetch(request, { body })).status).toBe(200)
  })

  test('because it is shorter than its Content-Length is a 400', async () => {
    const request = signed({ body: streamOf('{"a":1}'), headers: { 'content-length': '8' } })
    const { status, code, rejected } = await problem(request)
    expect([status, code]).toEqual([400, 'body_truncated'])
    expect(rejected).toMatchObject({ problem: 'truncated', got: 7, expected: '8' })
  })
})

test('a context that is no small JSON value is a 500 and loses nothing', async () => {
  for (const context of [1n, 'x'.repeat(20_000), () => 1n]) {
    const { status, code } = await problem(signed(), {}, { context: context as never })
    expect([status, code]).toEqual([500, 'internal_error'])
  }
})

test('a reply no Response can be made of is a 500', async () => {
  const { receiver } = setup()
  receiver.answer('ping', () => ({ status: 200, headers: { 'x-a': 'line\nbreak' } }))
  const response = await receiver.fetch(signed())
  expect(response.status).toBe(500)
  expect(await response.json()).toMatchObject({ code: 'answer_failed' })
})

test('waitUntil of the host is held for the first attempts', async () => {
  const { receiver, heard } = pinged({ inbox: memoryInbox() })
  const held: Promise<unknown>[] = []
  await receiver.fetch(signed(), { waitUntil: (work) => held.push(work) })
  await Promise.all(held)
  expect(held).toHaveLength(1)
  expect(heard.all('done')).toHaveLength(1)
})

describe('a rejected GET', () => {
  const MINE = 'https://example.com/hook?reading=17'

  /** Returns what is kept of a request that is rejected because of its headers. */
  async function keptOf(url: string, init: RequestInit = {}): Promise<readonly unknown[]> {
    const inbox: Inbox = memoryInbox()
    const { receiver, heard } = pinged({
      inbox,
      provider: acme({ methods: ['GET', 'POST'] }),
    })
    expect((await receiver.fetch(new Request(url, init))).status).toBe(401)
    expect(heard.all('rejected')).toHaveLength(1)
    await receiver.close()
    const { rows } = await inbox.journal!.rejections()
    const whole = await Promise.all(rows.map(async ({ id }) => inbox.journal!.delivery(id)))
    return whole.map((arrival) => arrival?.kept?.url)
  }

  test('is kept with its query, since its head is all of it', async () => {
    expect(await keptOf(MINE)).toEqual([MINE])
    const secret = `${MINE}&token=hush`
    expect(await keptOf(secret)).toEqual([`${MINE}&token=(masked)`])
  })

  test('and a POST whose body was not read is not', async () => {
    expect(await keptOf(MINE, { method: 'POST', body: '{}' })).toEqual([undefined])
  })
})
