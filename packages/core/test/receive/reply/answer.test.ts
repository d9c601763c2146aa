import { describe, expect, test, vi } from 'vitest'
import { jsonReply, textReply } from '../../../src/index.ts'
import type { Answer, Reply } from '../../../src/index.ts'
import { acme, codeOf, gate, pinged, setup, throwing } from '../../acme.ts'

const REJECTION = textReply('denied', 403)
const deciding = (): ReturnType<typeof acme> => acme({ rejection: REJECTION })

describe('what an answer function gives', () => {
  const xml = { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } }
  test.each<[Answer, Reply]>([
    [undefined, { status: 200 }],
    ['hello', textReply('hello')],
    ['<Response/>', { ...xml, body: '<Response/>' }],
    ['a < b', textReply('a < b')],
    ['\n <Response/>', { ...xml, body: '\n <Response/>' }],
    [null as never, jsonReply(null)],
    [7 as never, jsonReply(7)],
    [{ text: 'hi' }, jsonReply({ text: 'hi' })],
    [['a'], jsonReply(['a'])],
    [{ status: 'ok' }, jsonReply({ status: 'ok' })],
    [{ status: 200, text: 'hi' }, jsonReply({ status: 200, text: 'hi' })],
    ...[7, 199, 600, 200.5, '200', null].map((status): [Answer, Reply] => [
      { status },
      jsonReply({ status }),
    ]),
    [{ status: 599 }, { status: 599 }],
    [
      { status: 202, body: 'x' },
      { status: 202, body: 'x' },
    ],
  ])('%o', async (answer, reply) => {
    for (const give of [() => answer, async () => answer]) {
      const { receiver, send } = setup()
      receiver.answer('ping', give)
      expect(await send()).toEqual(reply)
    }
  })
})

test('it runs after the event was stored, for duplicates too, and is not a task', async () => {
  const { receiver, heard, send } = setup()
  const seen: unknown[] = []
  receiver.on('ping', () => {})
  receiver.answer('ping', async (event) => {
    seen.push(event.payload)
    expect(await receiver.tasks()).toHaveLength(seen.length === 1 ? 1 : 0)
    return { n: seen.length }
  })
  expect((await send({ id: '1', payload: { a: 1 } })).body).toBe('{"n":1}')
  await heard.until('done')
  expect((await send({ id: '1', payload: { a: 1 } })).body).toBe('{"n":2}')
  expect(seen).toEqual([{ a: 1 }, { a: 1 }])
  expect(heard.all('done')).toHaveLength(1)
})

test('a topic that is only answered is stored nowhere and is not unhandled', async () => {
  const { receiver, heard, send } = setup({ onUnhandled: 'reject' })
  receiver.answer(['/deploy', '/rollback'], ({ topic }) => topic)
  expect((await send({ topic: '/rollback' })).body).toBe('/rollback')
  expect((await send({ topic: '/other' })).status).toBe(404)
  expect(await receiver.tasks()).toEqual([])
  expect(heard.all('unhandled')).toHaveLength(1)
})

test('the first one registered answers', async () => {
  const { receiver, send } = setup()
  receiver.answer('**', () => 'first').answer('ping', () => 'second')
  expect((await send()).body).toBe('first')
})

describe('an answer that is late', () => {
  const never = (): Promise<never> => new Promise(() => {})

  test('is an empty 200, or `late`, and the observers hear of it', async () => {
    const { receiver, heard, send } = setup()
    receiver.answer('ping', never, { deadline: 1 })
    receiver.answer('pong', never, { deadline: 1, late: textReply('working on it') })
    expect(await send()).toEqual({ status: 200 })
    expect((await send({ topic: 'pong' })).body).toBe('working on it')
    expect(heard.all('answerFailed').map(([, error]) => String(error))).toEqual([
      'Error: no answer within its deadline of 1 ms',
      'Error: no answer within its deadline of 1 ms',
    ])
  })

  test('is a rejection where the reply decides something', async () => {
    const { receiver, send } = setup({ provider: deciding() })
    receiver.answer('ping', never, { deadline: 1 })
    expect(await send()).toEqual(REJECTION)
  })

  test('may fail afterwards without harm', async () => {
    const { receiver, heard, send } = setup()
    const answer = gate<string>()
    receiver.answer('ping', () => answer.opened, { deadline: 1 })
    await send()
    answer.fail(new Error('too late'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard.all('answerFailed')).toHaveLength(1)
  })

  test('has a deadline that can be longer than one timer', async () => {
    const { receiver, send } = setup()
    receiver.answer('ping', () => new Promise((resolve) => setImmediate(resolve, 'x')), {
      deadline: '60d',
    })
    expect((await send()).body).toBe('x')
  })
})

describe('an answer that fails', () => {
  const failures: readonly (() => Answer | Promise<Answer>)[] = [
    throwing(new Error('broken')),
    () => Promise.reject(new Error('broken')),
    () => ({ n: 1n }),
    async () => ({ n: 1n }),
  ]

  test.each(failures)('is a 500 while the event is stored: %s', async (answer) => {
    const { receiver, heard, send } = pinged()
    receiver.answer('ping', answer)
    const reply = await send({ id: '1' })
    expect(codeOf(reply)).toBe('answer_failed')
    expect(reply.status).toBe(500)
    expect(String(reply.body)).not.toContain('broken')
    await heard.until('done')
    expect(heard.all('answerFailed')).toHaveLength(1)
    expect(heard.all('rejected')[0]![1].cause).toBe(heard.all('answerFailed')[0]![1])
  })

  test.each(failures)('is a rejection where the reply decides something: %s', async (answer) => {
    const { receiver, send } = setup({ provider: deciding() })
    receiver.answer('ping', answer)
    expect(await send()).toEqual(REJECTION)
  })
})

test('an answer that came in time is not late afterwards', async () => {
  vi.useFakeTimers()
  try {
    const { receiver, heard, send } = setup()
    receiver.answer('ping', async () => 'x')
    receiver.answer('pong', () => Promise.reject(new Error('broken')))
    await send()
    await send({ topic: 'pong' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(heard.all('answerFailed').map(([, error]) => String(error))).toEqual(['Error: broken'])
  } finally {
    vi.useRealTimers()
  }
})

test('an answer is not asked about what was rejected', async () => {
  const { receiver, send } = setup()
  let asked = 0
  receiver.answer('ping', () => void asked++)
  expect((await send({ secret: 'wrong' })).status).toBe(401)
  expect(asked).toBe(0)
})

test.each(['soon', -1, Infinity])('a deadline of %o is rejected', (deadline) => {
  const { receiver } = setup()
  expect(() => receiver.answer('ping', () => 'x', { deadline: deadline as never })).toThrow(
    'answer: deadline',
  )
})
