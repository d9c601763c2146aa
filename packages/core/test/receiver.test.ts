import { afterEach, describe, expect, test, vi } from 'vitest'
import { createReceiver, inlineInbox, memoryInbox } from '../src/index.ts'
import type { Inbox } from '../src/inbox/index.ts'
import type { Receiver, ReceiverOptions } from '../src/index.ts'
import { acme, bareInbox, codeOf, durableInbox, gate, pinged, setup, throwing } from './acme.ts'
import { hear } from './hear.ts'

const noOrder = (): Inbox => {
  const inbox = memoryInbox()
  return { ...inbox, name: 'plainInbox', can: { ...inbox.can, order: false } }
}

describe('options that cannot be right are a TypeError that names them', () => {
  test.each<[string, object]>([
    ['concurrency', { concurrency: 0 }],
    ['timeout', { timeout: 'soon' }],
    ['timeout', { timeout: Infinity }],
    ['name', { name: '' }],
    ['previousNames', { previousNames: ['old', ' '] }],
    ['previousNames', { previousNames: 'old' as never }],
  ])('%s of a subscription', (option, given) => {
    const { receiver } = setup()
    const subscribe = (): unknown => receiver.on('ping', given as never, () => {})
    expect(subscribe).toThrow(TypeError)
    expect(subscribe).toThrow(option)
  })

  test('two subscriptions of one name, or of a name one had before', () => {
    const { receiver } = setup()
    receiver.on('ping', { name: 'a', previousNames: ['b'] }, () => {})
    expect(() => receiver.on('pong', { name: 'a' }, () => {})).toThrow('two subscriptions')
    expect(() => receiver.on('pong', { name: 'b' }, () => {})).toThrow('two subscriptions')
    expect(() => receiver.on('pong', { name: 'c', previousNames: ['a'] }, () => {})).toThrow('two')
  })

  test.each<[string, object]>([
    ['url must be the URL of the request, got undefined', {}],
    ['method must be the method of the request, got 5', { url: '/', method: 5 }],
    ['headers must be a record, pairs or Headers, got', { url: '/', headers: 5 }],
    [
      'body must be the bytes as they came (Buffer, Uint8Array) or a text, got',
      { url: '/', body: { type: 'Buffer', data: [1] } },
    ],
    ['body must be', { url: '/', body: null }],
  ])('%s of what a host hands over', async (message, given) => {
    const { receiver } = setup()
    const taking = receiver.receive(given as never)
    await expect(taking).rejects.toThrow(TypeError)
    await expect(taking).rejects.toThrow(`delivery: ${message}`)
  })

  test.each(['http://[', 'https://a b/', '//['])(
    'a URL that nobody can read, %j, is rejected before anything looks at it',
    async (url) => {
      const { receiver } = setup()
      const reply = await receiver.receive({ method: 'POST', url, headers: {}, body: '{}' })
      expect(reply.status).toBe(400)
    },
  )

  test('an invalid handler, answer or topic', () => {
    const { receiver } = setup()
    expect(() => receiver.on('ping', undefined as never)).toThrow(
      'on: handler must be a function, got undefined',
    )
    expect(() => receiver.answer('ping', undefined as never)).toThrow('needs a function')
    expect(() => receiver.on([], () => {})).toThrow('at least one topic')
    expect(() => receiver.on('', () => {})).toThrow('topic pattern')
  })

  test('orderingKey where the inbox cannot keep an order', () => {
    const { receiver } = setup({ inbox: noOrder() })
    expect(() => receiver.on('ping', { orderingKey: () => 'a' }, () => {})).toThrow(
      'orderingKey: plainInbox',
    )
  })

  test('startWorker() and tasks() where the inbox has neither', async () => {
    const { receiver } = setup({ inbox: bareInbox(() => []) })
    await expect(receiver.startWorker()).rejects.toThrow('bareInbox runs the handlers inside')
    await expect(receiver.tasks()).rejects.toThrow('bareInbox cannot list its tasks')
    await expect(receiver.replay({})).rejects.toThrow('bareInbox cannot list its tasks')
  })

  test('options that fail leave the name in the inbox free', () => {
    const inbox = memoryInbox()
    expect(() => setup({ inbox, ack: 500 as never })).toThrow('ack')
    expect(() => setup({ inbox })).not.toThrow()
    expect(() => setup({ inbox })).toThrow('already has a receiver named acme')
    expect(() => setup({ inbox, name: 'other' })).not.toThrow()
  })
})

describe('ack', () => {
  test.each([
    [202, { status: 202 }],
    [204, { status: 204 }],
    [{ status: 204 }, { status: 204 }],
    [
      { status: 302, location: 'https://example.com/ok' },
      { status: 302, headers: { location: 'https://example.com/ok' } },
    ],
  ] as const)('%o', async (ack, reply) => {
    const { send } = pinged({ ack })
    expect(await send()).toEqual(reply)
  })

  test('a redirect is rejected for a sender that takes it for a failure', () => {
    const provider = acme({ failsOnRedirect: true })
    expect(() => setup({ provider, ack: { status: 302, location: '/' } })).toThrow(
      'ack must be 200, 202 or 204, got 302; acme counts a redirect as a failure',
    )
  })
})

describe('subscriptions', () => {
  test('are listed by their topics, answers among them', () => {
    const { receiver } = setup()
    receiver.on(['a', 'b.*'], () => {}).on('a', () => {})
    receiver.answer('/deploy', () => undefined).onAny(() => {})
    expect(receiver.topics).toEqual(['a', 'b.*', '**', '/deploy'])
  })

  test('come before the first delivery', async () => {
    const { receiver, send } = setup()
    await send()
    for (const late of [
      () => receiver.on('ping', () => {}),
      () => receiver.onAny(() => {}),
      () => receiver.answer('ping', () => undefined),
    ])
      expect(late).toThrow('subscribe before the first delivery')
  })

  test('each get one task of an event, in order, under names of their own', async () => {
    const { receiver, heard, send } = pinged()
    receiver.on('ping', () => {})
    receiver.on(['ping', '**'], { name: 'third' }, () => {})
    receiver.onAny(() => {})
    receiver.on('pong', () => {})
    await send({ id: '1' })
    await heard.until('done', 4)
    expect(heard.all('done').map(([attempt]) => attempt.subscription)).toEqual([
      'ping',
      'ping#2',
      'third',
      'any',
    ])
    expect(heard.all('accepted')[0]?.[1]).toBe(4)
  })

  test('match the aliases of a topic exactly and by no wildcard', async () => {
    const provider = acme({
      events: () => [{ topic: 'issues.opened', aliases: ['issues', 'gh.any'], payload: 0 }],
    })
    const { receiver, heard, send } = setup({ provider })
    receiver.on('issues', () => {})
    receiver.on('gh.*', () => {})
    receiver.on('issues.*', () => {})
    await send()
    await heard.until('done', 2)
    expect(heard.all('accepted')[0]?.[1]).toBe(2)
  })
})

describe('onUnhandled', () => {
  test("'acknowledge' takes and drops the event and tells the observers", async () => {
    const { receiver, heard, send } = pinged()
    expect(await send({ topic: 'other', id: '1' })).toEqual({ status: 200 })
    expect(heard.all('unhandled')).toMatchObject([
      [{ topic: 'other', id: '1' }, 'acknowledged', {}],
    ])
    expect(await receiver.tasks()).toEqual([])
  })

  test("'store' is rejected with an inbox that stores nothing", () => {
    expect(() => setup({ inbox: inlineInbox(), onUnhandled: 'store' })).toThrow(
      'onUnhandled must be acknowledge or reject, got store; inlineInbox stores nothing',
    )
  })

  test("'reject' answers 404", async () => {
    const { heard, send } = setup({ onUnhandled: 'reject' })
    expect((await send({ topic: 'other' })).status).toBe(404)
    expect(heard.all('unhandled')).toMatchObject([[{ topic: 'other' }, 'rejected', {}]])
  })

  test("'store' keeps it until a subscription matches, and each event goes to those that do", async () => {
    const inbox = memoryInbox()
    const before = setup({ inbox, onUnhandled: 'store' })
    expect(await before.send({ topic: 'other', id: '1', payload: { a: 1 } })).toEqual({
      status: 200,
    })
    await before.send({ topic: 'push', id: '2', payload: { a: 2 } })
    await before.send({ topic: 'star.created', id: '3', payload: { a: 3 } })
    expect(before.heard.all('unhandled')[0]?.[1]).toBe('stored')
    expect(await before.receiver.tasks({ topic: 'other' })).toMatchObject([
      { subscription: 'unhandled', state: 'pending', event: { topic: 'other' } },
    ])
    expect(await inbox.view!.orphans()).toEqual([
      { receiver: 'acme', subscription: 'unhandled', pending: 3 },
    ])
    await before.receiver.close()

    const after = setup({ inbox })
    const seen: unknown[] = []
    after.receiver.on('other', { name: 'one' }, ({ payload }) => void seen.push(['one', payload]))
    after.receiver.on('other', { name: 'two' }, ({ payload }) => void seen.push(['two', payload]))
    after.receiver.on('push', (event) => void seen.push(['push', event.payload]))
    await after.receiver.startWorker()
    // Adoption ends two tasks of `unhandled`, whose events then have three tasks.
    await after.heard.until('done', 5)
    expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(
      new Set(['["one",{"a":1}]', '["push",{"a":2}]', '["two",{"a":1}]']),
    )
    expect(await after.receiver.tasks({ subscription: 'unhandled' })).toMatchObject([
      { state: 'pending', event: { topic: 'star.created' } },
    ])
    await after.send({ topic: 'other', id: '1' })
    expect(after.heard.all('duplicate')).toHaveLength(1)
  })

  test.each([{ name: 'unhandled' }, { previousNames: ['unhandled'] }])(
    'no subscription may have its name: %j',
    (options) => {
      const [option] = Object.keys(options)
      expect(() => setup().receiver.on('other', options, () => {})).toThrow(`${option}: unhandled`)
    },
  )
})

test.each([false, 'onDemand'] as const)(
  'an inbox that says who runs its tasks (%s) decides, and worker is left out',
  (worker) => {
    const inbox = durableInbox({ worker })
    expect(setup({ inbox }).receiver.settings.worker).toBe(worker)
    expect(() => setup({ inbox, worker: true })).toThrow(
      /^createReceiver: worker must be left out, got true; memoryInbox sets worker itself/,
    )
  },
)

describe('a receiver that nothing subscribes to', () => {
  const deaf = (options: Partial<ReceiverOptions> = {}) => {
    const heard = hear()
    const provider = acme()
    const receiver = createReceiver({
      provider,
      log: false,
      observers: [heard.observer],
      ...options,
    })
    const send = (secret?: string) =>
      receiver.receive(provider.sign!({ payload: {}, ...(secret && { secret }) }))
    return { receiver, heard, send }
  }

  test.each<Partial<ReceiverOptions>>([{}, { worker: 'onDemand' }, { inbox: inlineInbox() }])(
    'rejects a genuine delivery, and health says so before one comes: %j',
    async (options) => {
      const { receiver, heard, send } = deaf(options)
      expect(await receiver.health()).toMatchObject({
        ok: false,
        accepting: false,
        cause: expect.stringMatching(/^no handler: /),
      })
      const reply = await send()
      expect([reply.status, codeOf(reply)]).toEqual([500, 'internal_error'])
      expect(heard.all('rejected')[0]?.[1].problem).toBe('no_subscriptions')
      expect((await send('forged')).status).toBe(401)
      // A subscription that is added later still makes the receiver accept.
      receiver.on('ping', () => {})
      expect(await receiver.health()).toMatchObject({ ok: true, accepting: true })
      expect((await send()).status).toBe(200)
    },
  )

  test.each<[string, (receiver: Receiver) => void, Partial<ReceiverOptions>, number]>([
    ['an answer', (receiver) => receiver.answer('ping', () => 'pong'), {}, 200],
    ['onUnhandled: acknowledge', () => {}, { onUnhandled: 'acknowledge' }, 200],
    ['onUnhandled: store', () => {}, { onUnhandled: 'store' }, 200],
    ['onUnhandled: reject', () => {}, { onUnhandled: 'reject' }, 404],
  ])('%s means it', async (_, subscribe, options, status) => {
    const { receiver, send } = deaf(options)
    subscribe(receiver)
    expect((await send()).status).toBe(status)
    expect(await receiver.health()).toMatchObject({ ok: true })
  })
})

describe('worker: false', () => {
  test('is rejected for tasks that no other process sees', () => {
    for (const inbox of [undefined, memoryInbox()])
      expect(() => setup({ worker: false, ...(inbox && { inbox }) })).toThrow(
        /^createReceiver: worker must be left out, .*, got false; no other process reads the tasks of memoryInbox/,
      )
  })

  test("without a subscription stores what nobody handles with onUnhandled: 'store'", async () => {
    const { receiver, send } = setup({ worker: false, inbox: durableInbox(), onUnhandled: 'store' })
    expect((await send()).status).toBe(200)
    expect(await receiver.tasks()).toHaveLength(1)
  })

  test('runs nothing before startWorker() is called', async () => {
    const { receiver, heard, send } = pinged({ worker: false, inbox: durableInbox() })
    await send()
    const held: unknown[] = []
    await receiver.receive(receiver.provider.sign!({ payload: 1 }), {
      waitUntil: (work) => held.push(work),
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard.all('attemptStarted')).toEqual([])
    expect(await receiver.tasks({ state: 'pending' })).toHaveLength(2)
    expect(held).toEqual([])
    await receiver.startWorker()
    await heard.until('done', 2)
  })
})

describe('close', () => {
  test('rejects deliveries with 503, lets attempts end and leaves the rest pending', async () => {
    const inbox = memoryInbox()
    const { receiver, heard, send } = setup({ inbox })
    const running = gate()
    receiver.on('ping', () => running.opened)
    receiver.on(
      'fail',
      { retry: { initialDelay: '1h', jitter: 'none' } },
      throwing(new Error('not yet')),
    )
    await send()
    await send({ topic: 'fail' })
    await heard.until('retried')
    let closed = false
    const closing = receiver.close().then(() => (closed = true))
    const reply = await send({ id: 'late' })
    expect(codeOf(reply)).toBe('receiver_closed')
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect(closed).toBe(false)
    running.open()
    await closing
    expect(heard.all('done')).toHaveLength(1)
    expect(await receiver.tasks()).toMatchObject([{ subscription: 'fail', state: 'pending' }])
    await receiver.close()
  })

  test('aborts the signal of what still runs, and what it throws then is no failure', async () => {
    const { receiver, heard, send } = setup()
    const reason = gate<unknown>()
    receiver.on('ping', async (_, task) => {
      task.signal.addEventListener('abort', () => reason.open(task.signal.reason))
      throw await reason.opened
    })
    await send()
    await heard.until('attemptStarted')
    await receiver.close({ timeout: 200 })
    expect(await reason.opened).toMatchObject({ message: 'the receiver was closed' })
    expect(heard.all('attemptFailed')).toEqual([])
    expect(heard.all('dead')).toEqual([])
  })

  test('does not wait for a task without a handler, nor for those behind one that waits', async () => {
    const { receiver, heard, send } = setup({ onUnhandled: 'store' })
    receiver.on(
      'ping',
      { orderingKey: () => 'one', retry: { initialDelay: '1h', jitter: 'none' } },
      (event) => {
        if (event.id === 'first') throw new Error('not yet')
      },
    )
    await send({ topic: 'other' })
    await send({ id: 'first' })
    await send({ id: 'second' })
    await heard.until('retried')
    await receiver.close({ timeout: '1d' })
    expect(await receiver.tasks({ state: 'pending' })).toHaveLength(3)
  })

  test('rejects a delivery that was already on its way to the inbox', async () => {
    const secret = gate<string>()
    const provider = acme({ secret: () => secret.opened })
    const inbox = memoryInbox()
    const { receiver } = pinged({ provider, inbox })
    const waiting = receiver.receive(acme().sign!({ payload: {} }))
    await receiver.close()
    secret.open('acme-secret')
    expect(codeOf(await waiting)).toBe('receiver_closed')
    expect(await receiver.tasks()).toEqual([])
  })

  test('leaves an inbox it was given open', async () => {
    const inbox = memoryInbox()
    let closed = 0
    const { receiver } = setup({
      inbox: { ...inbox, close: async () => void closed++ },
    })
    await receiver.close()
    expect(closed).toBe(0)
  })
})

describe('in production', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('an inbox that forgets is warned of once', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const { heard } = setup()
    expect(heard.all('warning')).toHaveLength(1)
    expect(heard.all('warning')[0]?.[1]).toMatch(/memoryInbox forgets .* sqliteInbox/)
    const other = setup({ inbox: durableInbox() })
    expect(other.heard.all('warning')).toEqual([])
  })

  test('and not elsewhere', () => {
    vi.stubEnv('NODE_ENV', 'test')
    expect(setup().heard.all('warning')).toEqual([])
  })
})

test('a host that allows no timer at the start works from the first delivery on', async () => {
  const original = globalThis.setTimeout
  globalThis.setTimeout = throwing(
    new Error('Disallowed operation called within global scope'),
  ) as never
  let made
  try {
    made = setup()
  } finally {
    globalThis.setTimeout = original
  }
  made.receiver.on('ping', () => {})
  await made.send()
  await made.heard.until('done')
})

test('onDead hears of a task that was given up, and its failure harms nobody', async () => {
  const { receiver, heard, send } = setup()
  const told: unknown[] = []
  receiver.on('ping', { retry: { attempts: 1 } }, throwing(new Error('no')))
  receiver.onDead(throwing(new Error('listening failed')))
  receiver.onDead((task, error) => void told.push([task.topic, error.message]))
  await send()
  await heard.until('warning')
  expect(told).toEqual([['ping', 'no']])
  expect(heard.all('warning')[0]?.[1]).toBe('onDead failed: listening failed')
})

test('reject gives an adapter the reply to what it could not read, and tells why', () => {
  const heard = hear()
  const receiver = createReceiver({ provider: acme(), log: heard.observer })
  const reply = receiver.reject(
    { method: 'POST', url: 'https://example.com/a?token=t' },
    Object.assign(new Error('x'), {
      name: 'WebhookError',
      code: 'body_timeout',
      status: 408,
    }) as never,
  )
  expect(reply).toMatchObject({ status: 408, headers: { connection: 'close' } })
  expect(heard.all('rejected')).toMatchObject([
    [{ path: '/a', bytes: 0 }, { code: 'body_timeout' }],
  ])
})
