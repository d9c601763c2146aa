import { describe, expect, test } from 'vitest'
import { RetryAfterError } from '../../src/index.ts'
import { setup, throwing } from '../acme.ts'

const DAY = 86_400_000

/** Values that handlers may throw, and that break code which inspects them. */
const THROWN: readonly (readonly [name: string, make: () => unknown])[] = [
  ['a message that throws', () => Object.defineProperty(new Error(), 'message', { get: boom })],
  ['a name that throws', () => Object.defineProperty(new Error('x'), 'name', { get: boom })],
  ['a stack that throws', () => Object.defineProperty(new Error('x'), 'stack', { get: boom })],
  ['a name that is no string', () => Object.assign(new Error('x'), { name: 42n })],
  ['a revoked proxy', revoked],
  ['a proxy that throws', () => new Proxy({}, { get: boom, has: boom, getPrototypeOf: boom })],
  ['an object without a prototype', () => Object.create(null)],
  ['a BigInt', () => 1n],
  ['a symbol', () => Symbol('x')],
  ['undefined', () => undefined],
  ['null', () => null],
  ['a function', () => () => {}],
  ['a circular error', circular],
  ['a message of 20 MB', () => new Error('x'.repeat(20_000_000))],
  ['an object with a toString that throws', () => ({ toString: boom })],
  [
    'an error with BigInt and symbol parts',
    () => Object.assign(new Error('x'), { a: 1n, b: Symbol('b') }),
  ],
  [
    'a WebhookError look-alike with a getter',
    () => Object.defineProperty({ name: 'WebhookError', status: 500 }, 'code', { get: boom }),
  ],
]

function boom(): never {
  throw new Error('looking at it throws')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function circular(): Error {
  const error = new Error('x') as Error & { self?: Error }
  error.self = error
  error.cause = error
  return error
}

describe.each(THROWN)('a handler that throws %s', (_, make) => {
  test.each(['thrown', 'rejected'])('is dead with a bounded text when it is %s', async (how) => {
    const { receiver, heard, send } = setup()
    receiver.on('ping', { retry: { attempts: 1 } }, () => {
      if (how === 'rejected') return Promise.reject(make())
      throw make()
    })
    await send()
    const [, error] = await heard.until('dead')
    expect(typeof error.name).toBe('string')
    expect(typeof error.message).toBe('string')
    expect(error.name.length + error.message.length + (error.stack ?? '').length).toBeLessThan(
      30_000,
    )
    await receiver.close()
  })

  test('does not stop the task beside it, nor a later try', async () => {
    const { receiver, heard, send } = setup()
    const done: string[] = []
    let tries = 0
    receiver.on('ping', { name: 'bad', retry: { attempts: 2, initialDelay: 0 } }, () => {
      if (tries++ === 0) throw make()
    })
    receiver.on('ping', { name: 'good' }, () => void done.push('good'))
    await send()
    await heard.until('done', 2)
    expect([tries, done]).toEqual([2, ['good']])
    await receiver.close()
  })
})

test('a schema whose issues throw when they are read makes a dead task', async () => {
  const { receiver, heard, send } = setup()
  const issue = Object.defineProperty({ path: [revoked()] }, 'message', { get: boom }) as never
  const schema = {
    '~standard': { version: 1, vendor: 'odd', validate: () => ({ issues: [issue] }) },
  } as const
  receiver.on('ping', { schema }, () => {})
  await send()
  expect((await heard.until('dead'))[1].name).toBe('SchemaMismatch')
  await receiver.close()
})

test('an answer that throws a revoked proxy is a 500, and receive() resolves', async () => {
  const { receiver, send } = setup()
  receiver.answer('ping', throwing(revoked()))
  expect((await send()).status).toBe(500)
  await receiver.close()
})

test.each([1e17, Infinity])('RetryAfterError(%d) waits a year and says so', async (delay) => {
  const { receiver, heard, send } = setup()
  receiver.on('ping', throwing(new RetryAfterError(delay)))
  const before = Date.now()
  await send()
  const [, at] = await heard.until('retried')
  expect(at).toBeGreaterThanOrEqual(before + 365 * DAY)
  expect(at).toBeLessThanOrEqual(Date.now() + 365 * DAY)
  expect(heard.all('warning').map(([, message]) => message)).toEqual([
    `RetryAfterError asked for ${delay} ms, more than a year; the next attempt is in a year`,
  ])
  await receiver.close()
})

test('RetryAfterError with atLeast leaves a longer wait to the policy', async () => {
  const { receiver, heard, send } = setup()
  receiver.on(
    'ping',
    { retry: { initialDelay: '1h', jitter: 'none' } },
    throwing(new RetryAfterError('1s', undefined, { atLeast: true })),
  )
  const before = Date.now()
  await send()
  const [, at] = await heard.until('retried')
  expect(at).toBeGreaterThanOrEqual(before + 3_600_000)
  await receiver.close()
})
