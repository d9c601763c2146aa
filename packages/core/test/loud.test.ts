import { expect, test, vi } from 'vitest'
import {
  createReceiver,
  exponential,
  fixed,
  memoryInbox,
  type ReceiverOptions,
} from '../src/index.ts'
import { checkMounting, handlerMade } from '../src/basics/index.ts'
import { perTenant } from '../src/provider/per-tenant.ts'
import { checkReceiver } from '../src/receiver/check-options.ts'
import type { Inbox } from '../src/inbox/index.ts'
import { acme, durableInbox } from './acme.ts'

const receiver = (options: object = {}) =>
  createReceiver({ provider: acme(), log: false, ...options } as never)
test.each<[mistake: string, make: () => unknown, says: string]>([
  ['an unknown option', () => receiver({ inboxx: memoryInbox() }), 'did you mean inbox?'],
  ['a mounted provider', () => checkMounting(acme(), {}, []), 'got a provider; give it webhook('],
  [
    'a mounted request',
    () => checkMounting({ method: 'GET' }, {}, []),
    'got a request; call webhook(receiver), and give the route what it returns',
  ],
  ['another object mounted', () => checkMounting({}, {}, []), 'createReceiver() returns, got'],
  [
    'a function mounted',
    () =>
      checkMounting(
        Object.assign(() => {}, { fetch }),
        {},
        [],
      ),
    'createReceiver() returns, got a function; give it that',
  ],
  ['nothing mounted', () => checkMounting(undefined, {}, []), 'got undefined; give it that'],
  ['null mounted', () => checkMounting(null, {}, []), 'got null; give it that'],
  [
    'a transaction that is no function',
    () => checkMounting(receiver(), { transaction: 5 }, ['transaction']),
    'webhook: transaction must be a function, got',
  ],
  [
    'an unknown option of a mounted receiver',
    () => checkMounting(receiver(), { context: undefined, afer: 1 }, ['context', 'after']),
    'webhook: unknown option afer; did you mean after?',
  ],
  ['another unknown option', () => receiver({ retries: 3 }), 'unknown option retries'],
  [
    'another value',
    () => receiver({ dedupe: 'ids' }),
    'createReceiver: dedupe must be one of id, id+digest, digest, none, got ids',
  ],
  ['no options', () => createReceiver(5 as never), 'createReceiver: options must be an object'],
  ['null', () => receiver({ name: null }), 'createReceiver: name'],
  [
    'answer() without a topic',
    () => receiver().answer([], () => {}),
    "answer: topics must be at least one topic pattern, such as '/deploy'",
  ],
  [
    'answer() without a function',
    () => receiver().answer(['a', 'b'], {} as never),
    'answer(a, b) needs a function',
  ],
  [
    'a factory as provider',
    () => receiver({ provider: acme }),
    'provider must be what a factory such as github({ secret }) returns, got the factory; call it',
  ],
  ['no provider', () => receiver({ provider: undefined }), 'provider must be'],
  [
    'a factory as inbox',
    () => receiver({ inbox: memoryInbox }),
    'inbox must be what a factory such as memoryInbox() returns, got the factory; call it',
  ],
  ['something else as inbox', () => receiver({ inbox: 'webhooks.db' }), 'inbox must be'],
  [
    'tenantKey that is no function',
    () => receiver({ tenantKey: 'tenant' }),
    'tenantKey must be a function',
  ],
  [
    'tenantKey beside perTenant',
    () =>
      receiver({
        provider: acme({
          secret: perTenant({ claimedTenant: () => 'a', secrets: () => undefined }),
        } as never),
        tenantKey: () => 'a',
      }),
    'tenantKey must be left out, got a function; perTenant names the tenant of each event',
  ],
  ['storage that is no object', () => receiver({ storage: false }), 'storage must be'],
  ['limits of another kind', () => receiver({ limits: 5 }), 'limits: options must be an object'],
  ['a typo in storage', () => receiver({ storage: { contend: false } }), 'did you mean content?'],
  [
    'storage.content that is neither',
    () => receiver({ storage: { content: 'none' } }),
    'storage.content must be true, false or a function, got none',
  ],
  [
    'an unknown option of on()',
    () => receiver().on('ping', { retrys: {} } as never, () => {}),
    'did you mean retry?',
  ],
  [
    'retry: 3',
    () => receiver().on('ping', { retry: 3 } as never, () => {}),
    'retry must be a policy or options such as { attempts: 3 }, got 3',
  ],
  [
    'an unknown option of exponential()',
    () => exponential({ attempt: 3 } as never),
    'did you mean attempts?',
  ],
  [
    'an unknown option of fixed()',
    () => fixed({ delay: 1, max: 3 } as never),
    'unknown option max',
  ],
  [
    'two subscriptions without a name on one pattern in a durable inbox',
    () =>
      receiver({ inbox: durableInbox() })
        .on('ping', () => {})
        .on('ping', () => {}),
    "give each a name, such as on('ping', { name: 'mail' }, handler)",
  ],
])('%s is a TypeError that names the way out', (_, make, says) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(says)
})

test.each<[object, string]>([
  [{ dedline: 1 }, 'runDue: unknown option dedline; did you mean deadline?'],
  [{ deadline: 'soon' }, 'runDue: deadline must be'],
  [{ reserve: 'soon' }, 'runDue: reserve must be'],
  [{ max: 0 }, 'runDue: max must be a whole number from 1 and up, got 0'],
  [{ max: 1.5 }, 'runDue: max must be a whole number from 1 and up, got 1.5'],
])('runDue(%j) is a TypeError that says what is due', async (options, says) => {
  const running = receiver({ worker: 'onDemand' })
    .on('ping', () => {})
    .runDue(options)
  await expect(running).rejects.toThrow(TypeError)
  await expect(running).rejects.toThrow(says)
})

test('the inbox by default is what memoryInbox() makes, from the first call on', async () => {
  const { inbox } = checkReceiver({ provider: acme() })
  const real = memoryInbox()
  expect(inbox).toMatchObject({ name: real.name, can: real.can, dedupeWindow: real.dedupeWindow })
  for (const group of ['view', 'journal', 'records'] as const) {
    const own = (of: Inbox) => Object.keys(of[group]!).toSorted()
    expect(own(inbox)).toEqual(own(real))
  }
  expect(await inbox.records!.set('a', 1, 0)).toBe(true)
  expect(await inbox.records!.get('a')).toMatchObject({ value: 1 })
  await inbox.close()
  await checkReceiver({ provider: acme() }).inbox.close()
})

const UNLIKELY = { unlikely: true }

// The type of this object requires a row for each option.
test.each(
  Object.entries({
    provider: UNLIKELY,
    inbox: UNLIKELY,
    name: ' ',
    limits: { body: -1 },
    ack: { status: 302, location: '' },
    parsing: { bigIntegers: 'big' },
    clock: { now: 0 },
    storage: { content: 'none' },
    observers: [UNLIKELY, 'console'],
    log: 'debug',
    onUnhandled: 'drop',
    dedupe: 'digests',
    worker: 'never',
    tenantKey: 'tenant',
    silentAfter: 'long',
    version: 7,
    explain: '1h',
  } satisfies Record<keyof ReceiverOptions, unknown>),
)('a wrong %s is told with what it must be and what it is', (option, value) => {
  const make = (): unknown => receiver({ [option]: value })
  expect(make).toThrow(TypeError)
  expect(make).toThrow(new RegExp(`^createReceiver: ${option}(?:\\.\\w+)? must be .+, got `, 'u'))
})

test.each([
  ['clock', { monotonic: 0 }, ', got '],
  ['parsing', { contentType: 'loose' }, ', got '],
  ['storage', { journal: 'no' }, ', got '],
  ['storage', { rejectedBodies: 1001 }, ', got '],
  ['storage', { rejectedBodies: -1 }, ', got '],
  ['storage', { rejectedBodies: 0.5 }, ', got '],
  ['limits', { bodyTimeout: 'soon' }, ', got '],
  // The message does not show this value, which may be a real key.
  ['storage', { encryptionKey: 'a password' }, ''],
])('each member of %s is checked: %j', (group, value, got) => {
  const make = (): unknown => receiver({ [group]: value })
  expect(make).toThrow(TypeError)
  const [name] = Object.keys(value)
  expect(make).toThrow(new RegExp(`^createReceiver: ${group}.${name} must be .+${got}`, 'u'))
})

test('two subscriptions without a name are numbered where they end with the process', () => {
  const both = receiver()
    .on('ping', () => {})
    .on('ping', () => {})
  expect(both.topics).toEqual(['ping'])
})

test.each([
  ['made in three turns and not called', 3, false, 1],
  ['made in many turns and not called', 6, false, 1],
  ['made in two turns', 2, false, 0],
  ['called once', 6, true, 0],
])('a handler that is %s', async (_, turns, isCalled, warnings) => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const mounted = {}
  for (let turn = 0; turn < turns; turn++) {
    for (let twice = 0; twice < 2; twice++) {
      const called = handlerMade(mounted, 'give it to the route')
      if (isCalled) called()
    }
    await new Promise(setImmediate)
  }
  const message =
    'route handlers were created from the receiver, but none was ever called: give it to the route'
  expect(emitWarning.mock.calls).toEqual(
    Array.from({ length: warnings }, () => [message, 'PosternWarning']),
  )
  emitWarning.mockRestore()
})

test('what is at a bound, or made by hand, is taken', () => {
  const { name, covers, verify, events } = acme()
  const provider = { name, covers, verify, events }
  for (const options of [{ explain: 1 }, { explain: '10s' }, { provider, tenantKey: () => 'a' }])
    receiver(options)
  for (const explain of [0, 10_001])
    expect(() => receiver({ explain })).toThrow('explain must be true, false, or 1 ms to 10 s')
})
