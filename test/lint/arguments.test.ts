import * as core from '@postern/core'
import * as routes from '@postern/core/routes'
import { webhook as express } from '@postern/express'
import { webhook as fastify } from '@postern/fastify'
import { forward, signer } from '@postern/forward'
import { webhook as hono } from '@postern/hono'
import { webhook as koa } from '@postern/koa'
import * as lambda from '@postern/aws-lambda'
import { webhook as next } from '@postern/next'
import * as node from '@postern/node'
import { github } from '@postern/providers/github'
import { redisLedger } from '@postern/redis'
import { sqliteInbox } from '@postern/sqlite'
import { expect, test } from 'vitest'

// Calls every public function with arguments of wrong kinds.

const provider = github({ secret: 'a-secret-of-tests' })
const receiver = () => core.createReceiver({ provider, log: false })
const handler = (): void => {}
const schema = { '~standard': { version: 1, vendor: 'tests', validate: handler } }

const KINDS: Readonly<Record<string, unknown>> = {
  null: null,
  number: 3,
  NaN: Number.NaN,
  text: 'text',
  boolean: true,
  symbol: Symbol('a'),
  list: [1],
  object: { someName: 1 },
  function: handler,
}

/** A function, correct arguments, and for each argument the other kinds of {@link KINDS} that are also correct. */
type Row = readonly [call: (...given: never[]) => unknown, right: unknown[], may: string[][]]

const OPTIONS = ['undefined']
const ROWS: Readonly<Record<string, Row>> = {
  createReceiver: [core.createReceiver, [{ provider }], [[]]],
  on: [
    (...given) => (receiver().on as (...all: unknown[]) => unknown)(...given),
    ['push', {}, handler],
    [['text'], ['undefined'], ['function']],
  ],
  'on without options': [
    (...given) => (receiver().on as (...all: unknown[]) => unknown)(...given),
    ['push', handler],
    [['text'], ['function']],
  ],
  onAny: [
    (...given) => (receiver().onAny as (...all: unknown[]) => unknown)(...given),
    [{}, handler],
    [['undefined'], ['function']],
  ],
  onDead: [(...given) => receiver().onDead(...(given as [never])), [handler], [['function']]],
  answer: [
    (...given) => (receiver().answer as (...all: unknown[]) => unknown)(...given),
    ['push', handler, {}],
    [['text'], ['function'], OPTIONS],
  ],
  observe: [(...given) => receiver().observe(...(given as [never])), [{}], [['object']]],
  onClose: [(...given) => receiver().onClose(...(given as [never])), [handler], [['function']]],
  receive: [(given) => receiver().receive(given), [{ url: '/' }], [[]]],
  fetch: [(given) => receiver().fetch(given), [new Request('http://localhost')], [[]]],
  runDue: [(given) => receiver().runDue(given), [{}], [OPTIONS]],
  close: [(given) => receiver().close(given), [{}], [OPTIONS]],
  createDelivery: [core.createDelivery, [{ url: '/' }], [[]]],
  memoryInbox: [core.memoryInbox, [{}], [OPTIONS]],
  inlineInbox: [core.inlineInbox, [{}], [OPTIONS]],
  memoryLedger: [core.memoryLedger, [{}], [OPTIONS]],
  perTenant: [core.perTenant, [{}], [[]]],
  behind: [core.behind, [provider, github], [[], []]],
  allOf: [core.allOf, [provider, provider], [[], []]],
  exponential: [core.exponential, [{}], [OPTIONS]],
  fixed: [core.fixed, [{ delay: 1 }], [[]]],
  logger: [core.logger, [{}], [OPTIONS]],
  structuredLogger: [core.structuredLogger, [handler, {}], [['function'], OPTIONS]],
  payloadDrift: [core.payloadDrift, [{ schemas: {}, onChange: handler }], [[]]],
  github: [github, [{ secret: 'a-secret-of-tests' }], [[]]],
  'routes.health': [routes.health, [[receiver()], {}], [[], OPTIONS]],
  'routes.runDue': [routes.runDue, [receiver(), { secret: 'a-secret-of-tests' }], [[], []]],
  'node.webhook': [node.webhook, [receiver(), {}], [[], OPTIONS]],
  'express.webhook': [express, [receiver(), {}], [[], OPTIONS]],
  'koa.webhook': [koa, [receiver(), {}], [[], OPTIONS]],
  'fastify.webhook': [fastify, [receiver(), {}], [[], OPTIONS]],
  'hono.webhook': [hono, [receiver(), {}], [[], OPTIONS]],
  'next.webhook': [next, [receiver(), {}], [[], OPTIONS]],
  'lambda.webhook': [lambda.webhook, [receiver(), {}], [[], OPTIONS]],
  'lambda.runDue': [lambda.runDue, [receiver(), {}], [[], OPTIONS]],
  'lambda.sqs': [lambda.sqs, [receiver(), {}], [[], OPTIONS]],
  closeOnSignal: [node.closeOnSignal, [{ server: { close: handler } }], [OPTIONS]],
  inFront: [node.inFront, [{}, handler], [['object'], ['function']]],
  forward: [forward, [{ to: 'https://a.example', sign: false }], [[]]],
  signer: [signer, [{ secret: 'whsec_YS1zZWNyZXQtb2YtdGVzdHMtMzItYnl0ZXMtbG9uZyE=' }], [[]]],
  sqliteInbox: [sqliteInbox, [{ path: ':memory:' }], [[]]],
  redisLedger: [redisLedger, [{ client: {} }], [[]]],
}

/** Options to test with every wrong kind. */
const GIVEN: Readonly<
  Record<
    string,
    readonly [make: (options: object) => unknown, may: Readonly<Record<string, string[]>>]
  >
> = {
  createReceiver: [
    (options) => core.createReceiver({ provider, log: false, ...options }),
    {
      provider: [],
      inbox: [],
      name: ['text'],
      limits: ['object'],
      ack: [],
      clock: ['object'],
      observers: [],
      log: ['object', 'function'],
      onUnhandled: [],
      dedupe: [],
      parsing: ['object'],
      worker: ['boolean'],
      tenantKey: ['function'],
      silentAfter: ['number'],
      version: ['text'],
      storage: ['object'],
      explain: ['boolean', 'number'],
    },
  ],
  on: [
    (options) => receiver().on('push', options as never, handler),
    {
      name: ['text'],
      previousNames: [],
      retry: [],
      timeout: ['number'],
      concurrency: ['number'],
      tenantLimit: [],
      schema: [],
      orderingKey: ['function'],
    },
  ],
  perTenant: [
    (options) =>
      core.perTenant({ claimedTenant: handler as never, secrets: handler as never, ...options }),
    {
      claimedTenant: ['function'],
      secrets: ['function'],
      ttl: ['number'],
      max: ['number'],
      atOnce: ['number'],
      perMinute: ['number'],
    },
  ],
  webhook: [
    (options) => node.webhook(receiver(), options),
    { context: ['function'], transaction: ['function'], publicBase: [], trustProxy: [] },
  ],
  'next.webhook': [
    (options) => next(receiver(), options),
    { context: ['function'], transaction: ['function'], publicBase: [], after: ['function'] },
  ],
}

// Messages of V8 that show an unchecked argument.
const INTERNAL =
  /Cannot (?:read|destructure|convert|access|use|set)|is not (?:a function|iterable|defined|an object)$|undefined is not|Invalid (?:URL|time|array)|before initialization|Symbol value to a/

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

const cases = Object.entries(ROWS).flatMap(([name, [call, right, may]]) =>
  right.flatMap((_, at) =>
    Object.keys({ undefined, ...KINDS })
      .filter((kind) => !may[at]!.includes(kind))
      .map((kind) => ({ name, at, kind, call, right })),
  ),
)

test.each(cases)('$name, argument $at: $kind', async ({ call, right, at, kind }) => {
  const given = right.with(at, KINDS[kind])
  const error = await thrownBy(() => call(...(given as never[])))
  expect(error).toBeInstanceOf(TypeError)
  expect((error as Error).message).not.toMatch(INTERNAL)
})

const options = Object.entries(GIVEN).flatMap(([name, [make, all]]) =>
  Object.entries(all).flatMap(([option, may]) =>
    Object.keys(KINDS)
      .filter((kind) => !may.includes(kind))
      // Leaves out NaN and the object, which are wrong only for some options of each kind.
      .map((kind) => ({ name, option, kind, make })),
  ),
)

test.each(options)('$name, option $option: $kind', async ({ option, kind, make }) => {
  const error = await thrownBy(() => make({ [option]: KINDS[kind] }))
  expect(error).toBeInstanceOf(TypeError)
  expect((error as Error).message).toContain(option)
  expect((error as Error).message).not.toMatch(INTERNAL)
})

const MOUNTED: Readonly<Record<string, (given: never) => unknown>> = {
  node: node.webhook,
  express,
  koa,
  fastify,
  hono,
  next,
  lambda: lambda.webhook,
}

test.each(Object.entries(MOUNTED))(
  '%s: a provider in place of the receiver, and a request of app.all(path, webhook)',
  (_, webhook) => {
    expect(() => webhook(provider as never)).toThrow(
      'webhook: receiver must be what createReceiver() returns, got a provider; give it webhook(createReceiver({ provider }))',
    )
    for (const request of [
      { method: 'POST', url: '/', headers: {} },
      new Request('http://a.example'),
    ])
      expect(() => webhook(request as never)).toThrow(
        'got a request; call webhook(receiver), and give the route what it returns',
      )
  },
)

test('what is right is taken', async () => {
  expect(
    receiver().on('push', { schema, orderingKey: () => 'a' } as never, handler).topics,
  ).toEqual(['push'])
  for (const webhook of [node.webhook, express, koa, fastify, hono, next, lambda.webhook])
    expect(await thrownBy(() => webhook(receiver()))).toBeUndefined()
})
