import { expect, test } from 'vitest'
import {
  createReceiver,
  memoryInbox,
  UnrecoverableError,
  type AttemptInfo,
  type Observer,
  type RequestInfo,
} from '../src/index.ts'
import type { ObservedReceiver } from '../src/basics/index.ts'
import { createObservers } from '../src/observe/observers.ts'
import { acme, pinged, setup, throwing } from './acme.ts'

/** Creates an observer that keeps the last receiver it was attached to, and records its calls in `told`. */
function joining(): {
  readonly observer: Observer
  readonly told: string[]
  last?: ObservedReceiver
} {
  const told: string[] = []
  const scene = {
    told,
    last: undefined as unknown as ObservedReceiver,
    observer: {
      attached(receiver: ObservedReceiver) {
        told.push(`attached ${receiver.name} ${receiver.provider}`)
        scene.last = receiver
        return () => void told.push(`detached ${receiver.name}`)
      },
    },
  }
  return scene
}

test('an observer joins its receiver when it is made, and leaves it when it closes', async () => {
  const joined = joining()
  const { receiver, heard, send } = setup({ name: 'shop', observers: [joined.observer] })
  expect(joined.told).toEqual(['attached shop acme'])
  receiver.on('ping', throwing(new UnrecoverableError('no')))
  await send({ id: 'a' })
  await heard.until('dead')
  expect(await joined.last!.stats!()).toEqual([
    expect.objectContaining({ subscription: 'ping', counts: expect.objectContaining({ dead: 1 }) }),
  ])
  await receiver.close()
  await receiver.close()
  expect(joined.told).toEqual(['attached shop acme', 'detached shop'])
})

test('stats are of the receiver alone, if others share its inbox', async () => {
  const inbox = memoryInbox()
  const joined = joining()
  const first = setup({ name: 'first', inbox, worker: 'onDemand', observers: [joined.observer] })
  const second = setup({ name: 'second', inbox, worker: 'onDemand' })
  first.receiver.on('ping', () => {})
  second.receiver.on('ping', () => {})
  await first.send({ id: 'a' })
  await second.send({ id: 'b' })
  const stats = await joined.last!.stats!()
  expect(stats.map(({ receiver, counts }) => [receiver, counts.pending])).toEqual([['first', 1]])
  await Promise.all([first.receiver.close(), second.receiver.close()])
  await inbox.close()
})

test('an observer that is added later joins too; what it throws changes nothing', async () => {
  const { receiver, send } = pinged({ name: 'shop' })
  const joined = joining()
  const leave = receiver.observe(joined.observer)
  receiver.observe({
    attached() {
      throw new Error('no')
    },
  })
  expect((await send({ id: 'a' })).status).toBe(200)
  leave()
  leave()
  expect(joined.told).toEqual(['attached shop acme', 'detached shop'])
  await receiver.close()
  expect(joined.told).toHaveLength(2)
})

test('an observer can join another one when it is needed, and take it away', async () => {
  const ids: (string | undefined)[] = []
  const stays: (string | undefined)[] = []
  let leave = (): void => {}
  const { receiver, send } = pinged({
    worker: 'onDemand',
    observers: [
      {
        attached: ({ observe }) => {
          leave = observe({ accepted: ({ id }) => void ids.push(id) })
        },
      },
      { accepted: ({ id }) => void stays.push(id) },
    ],
  })
  await send({ id: 'a' })
  leave()
  await send({ id: 'b' })
  expect([ids, stays]).toEqual([['a'], ['a', 'b']])
  await receiver.close()
})

test('an observer that is added later hears of conflicts', async () => {
  const provider = acme()
  const receiver = createReceiver({ provider, log: false, worker: 'onDemand' })
  receiver.on('ping', () => {})
  const send = (n: number): unknown =>
    receiver.receive(provider.sign!({ id: 'a', topic: 'ping', payload: { n } }))
  const conflict = new Promise<string | undefined>((resolve) => {
    receiver.observe({ idConflict: ({ id }) => resolve(id) })
  })
  await send(1)
  await send(2)
  expect(await conflict).toBe('a')
  await receiver.close()
})

test('a failed attempt says what follows, when its event came, and its trace', async () => {
  const carrier = { traceparent: 'made by the observer' }
  const failed: [AttemptInfo, string][] = []
  const { receiver, heard, send } = setup({
    clock: { now: () => 5000 },
    observers: [
      { carrier: () => carrier, attemptFailed: (info, _, { kind }) => failed.push([info, kind]) },
    ],
  })
  receiver.on('ping', { retry: { attempts: 2, initialDelay: 0 } }, throwing(new Error('no')))
  await send({ id: 'a' })
  await heard.until('dead')
  expect(failed.map(([{ attempt }, kind]) => [attempt, kind])).toEqual([
    [1, 'retry'],
    [2, 'dead'],
  ])
  expect(failed[0]![0]).toMatchObject({ receivedAt: 5000, carrier, part: undefined })
  await receiver.close()
})

test('the steps and the begin of a request are on one clock', async () => {
  let time = 100
  const steps: number[] = []
  let began: RequestInfo | undefined
  const { receiver, send } = pinged({
    clock: { monotonic: () => time++ },
    observers: [
      { received: (request) => (began = request), step: (_, __, at) => void steps.push(at) },
    ],
  })
  await send({ id: 'a' })
  expect(began!.started).toBe(100)
  expect(steps.every((at) => at > 100)).toBe(true)
  await receiver.close()
})

test('what no observer has is not asked for, and what one has that left is not', () => {
  const { observer, observe, ...rest } = createObservers([{}])
  expect(Object.keys(observer)).toEqual([])
  const joined = joining()
  const leave = [{ done: () => {} }, joined.observer, joined.observer].map(observe)
  expect(Object.keys(observer)).toEqual(['done'])
  const detach = rest.attach({ name: 'shop', provider: 'acme' } as ObservedReceiver)
  expect(joined.told).toEqual(['attached shop acme'])
  for (const left of leave) left()
  detach()
  expect(Object.keys(observer)).toEqual([])
  expect(joined.told).toEqual(['attached shop acme', 'detached shop'])
  observe(joined.observer)
  expect(joined.told).toHaveLength(2)
})

test('only the first carrier is asked, and what it throws is no carrier', () => {
  const carriers = [throwing(new Error('no')), () => ({ traceparent: 'second' })]
  const { observer } = createObservers([{}, ...carriers.map((carrier) => ({ carrier }))])
  expect(observer.carrier!({} as RequestInfo)).toBe(undefined)
})

type Wrap = (next: () => unknown) => unknown
test.each<[string, Wrap]>([
  ['calls it', (next) => next()],
  ['calls it twice', (next) => [next(), next()]],
  ['does not call it', () => undefined],
  ['fails before', throwing(new Error('no'))],
  ['fails after', (next) => throwing([next()])()],
  ['calls it later', async (next) => (await Promise.resolve(), next())],
  ['calls it now, and ends never', (next) => (next(), new Promise(() => {}))],
  ['never calls it, and ends later', async () => {}],
  ['rejects before', () => Promise.reject(new Error('no'))],
  ['rejects after', (next) => (next(), Promise.reject(new Error('no')))],
])('an observer that wraps a handler or a call and %s changes nothing', async (_, wrap) => {
  const around: Observer['around'] = (_event, _task, next) => wrap(next)
  const call: Observer['call'] = (_info, next) => wrap(next)
  const { observer } = createObservers([{ around, call }, {}, { around, call }])
  for (const fails of [false, true]) {
    const outcome = new Error('of the handler')
    let ran = 0
    const next = (): Error => {
      ran++
      if (fails) throw outcome
      return outcome
    }
    for (const run of [
      () => observer.around!({} as never, {} as never, next),
      () => observer.call!({} as never, next as never),
    ]) {
      ran = 0
      expect(await attempt(run)).toBe(outcome)
      expect(ran).toBe(1)
    }
  }
})

/** Calls the function. Returns its result or its error, also if the function is asynchronous. */
async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    return error
  }
}

test('the first observer wraps the others, and each adds headers to a call', async () => {
  const order: string[] = []
  const wrapping = (name: string): Observer => ({
    around: (_event, _task, next) => (order.push(name), next()),
    call: (_info, next) => (order.push(name), next({ [name]: '1', who: name })),
  })
  const { observer } = createObservers(['a', 'b', 'c'].map(wrapping))
  observer.around!({} as never, {} as never, () => order.push('handler'))
  const next = async (headers?: object) => (order.push('call'), { status: 200, headers })
  expect(await observer.call!({} as never, next)).toEqual({
    status: 200,
    headers: { a: '1', b: '1', c: '1', who: 'c' },
  })
  expect(order).toEqual(['a', 'b', 'c', 'handler', 'a', 'b', 'c', 'call'])
})

test('an inbox may tell a receiver without observers and journal of everything', async () => {
  const inbox = memoryInbox()
  let consumer: Parameters<typeof inbox.attach>[0]
  const receiver = createReceiver({
    provider: acme(),
    inbox: { ...inbox, attach: (given) => inbox.attach((consumer = given)) },
    log: false,
    storage: { journal: false },
  })
  receiver.on('ping', () => {})
  const event = { key: 'k', topic: 'ping' }
  const delivery = { receivedAt: 0 }
  const claim = { subscription: 'ping', task: 't', attempt: 1, event, delivery }
  const told = consumer!
  for (const outcome of [{ kind: 'done' }, { kind: 'retry', at: 0 }, { kind: 'dead', error: {} }])
    for (const stored of [true, false])
      told.settled?.(claim as never, outcome as never, stored, undefined as never)
  told.interrupted?.({ subscription: 'ping', task: 't', attempt: 1, count: 1, strikes: 0 })
  told.folded?.({ subscription: 'ping', task: 't', into: undefined, passing: 'k' })
  told.deleted?.('k')
  told.warn('a warning')
  await receiver.close()
})
