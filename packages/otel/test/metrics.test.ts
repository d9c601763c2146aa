import { metrics } from '@opentelemetry/api'
import { memoryInbox, PostponeError, UnrecoverableError } from '@postern/core'
import type { Inbox, SubscriptionStats } from '@postern/core/inbox'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { INSTRUMENTS, observeMetrics } from '../src/index.ts'
import { createScene } from './scene.ts'
import { startSdk, type Point, type Sdk } from './sdk.ts'

let sdk: Sdk
beforeEach(() => {
  sdk = startSdk()
})
afterEach(() => sdk.stop())

function by(points: readonly Point[], attribute: string): Record<string, unknown> {
  return Object.fromEntries(points.map(({ attributes, value }) => [attributes[attribute], value]))
}

test('deliveries by outcome, with the code of a rejection; and the time to their reply', async () => {
  const { receiver, send } = createScene({ receiver: { worker: 'onDemand' } })
  receiver.on('ping', () => {})
  await send()
  await send()
  await receiver.receive({ method: 'POST', url: '/', headers: {}, body: Buffer.from('{}') })
  const deliveries = await sdk.points('postern.deliveries')
  expect(by(deliveries, 'postern.outcome')).toEqual({ accepted: 1, duplicate: 1, rejected: 1 })
  expect(by(deliveries, 'error.type')).toMatchObject({ missing_header: 1 })
  expect(deliveries[0]!.attributes).toEqual({
    'messaging.destination.name': 'shop',
    'postern.provider': 'acme',
    'postern.outcome': 'accepted',
  })
  const durations = await sdk.points('postern.reply.duration')
  expect(durations.map(({ value }) => (value as { count: number }).count)).toEqual([1, 1, 1])
  const { buckets } = durations[0]!.value as { buckets: { boundaries: number[] } }
  expect(buckets.boundaries).toEqual(INSTRUMENTS.replyDuration.buckets)
})

test('tasks: attempts, durations by kind of error, outcomes, and the time from end to end', async () => {
  let now = Date.now() - 60_000
  const { receiver, send, ended } = createScene({ receiver: { clock: { now: () => now } } })
  let runs = 0
  receiver.on('ping', { name: 'mail', retry: { attempts: 3, initialDelay: 0 } }, async () => {
    now = Date.now()
    runs++
    if (runs === 1) throw new RangeError('no')
    if (runs === 2) throw new PostponeError(0)
  })
  await send()
  await ended()
  const lane = {
    'messaging.destination.name': 'shop',
    'messaging.consumer.group.name': 'mail',
    'postern.provider': 'acme',
  }
  const process = {
    'messaging.system': 'postern',
    'messaging.operation.name': 'process',
    ...lane,
  }
  expect(await sdk.points('messaging.client.consumed.messages')).toEqual([
    { attributes: { ...process, 'postern.topic': 'ping' }, value: 3 },
  ])
  expect(by(await sdk.points('postern.task.outcomes'), 'postern.outcome')).toEqual({
    retry: 1,
    postpone: 1,
    done: 1,
  })
  const durations = await sdk.points('messaging.process.duration')
  expect(durations.map(({ attributes }) => attributes)).toEqual([
    { ...process, 'error.type': 'RangeError' },
    process,
  ])
  const [whole] = await sdk.points('postern.task.end_to_end.duration')
  expect(whole).toMatchObject({ attributes: lane, value: { count: 1 } })
  expect((whole!.value as { sum: number }).sum).toBeGreaterThanOrEqual(60)
  expect(await sdk.points('messaging.client.sent.messages')).toEqual([
    {
      attributes: {
        'messaging.system': 'postern',
        'messaging.operation.name': 'send',
        'messaging.destination.name': 'shop',
        'postern.provider': 'acme',
        'postern.topic': 'ping',
      },
      value: 1,
    },
  ])
})

test('topics, and names of errors, make no series without a bound', async () => {
  const { receiver, send, ended } = createScene()
  receiver.onAny({ name: 'all', retry: { attempts: 1 } }, (event) => {
    throw Object.assign(new Error('no'), { name: `Error of ${event.topic}` })
  })
  for (let n = 0; n < 150; n++) await send({ id: `e${n}`, topic: `topic.${n}` })
  await ended(150)
  const sent = by(await sdk.points('messaging.client.sent.messages'), 'postern.topic')
  expect(Object.keys(sent)).toHaveLength(101)
  expect(sent).toMatchObject({ 'topic.0': 1, 'topic.99': 1, other: 50 })
  const failed = await sdk.points('messaging.process.duration')
  expect(failed).toHaveLength(101)
  expect(failed.at(-1)!.attributes['error.type']).toBe('_OTHER')
})

test('the depth of the inbox, its oldest due task, and its dead ones', async () => {
  const start = Date.now() - 90_000
  const { receiver, send, ended } = createScene({ receiver: { clock: { now: () => start } } })
  receiver.on('ping', { name: 'mail' }, () => {
    throw new UnrecoverableError('no')
  })
  await send()
  await ended()
  const lane = { 'messaging.destination.name': 'shop', 'messaging.consumer.group.name': 'mail' }
  expect(await sdk.points('postern.inbox.tasks')).toEqual([
    { attributes: { ...lane, 'postern.state': 'pending' }, value: 0 },
    { attributes: { ...lane, 'postern.state': 'running' }, value: 0 },
    { attributes: { ...lane, 'postern.state': 'dead' }, value: 1 },
  ])
  expect(await sdk.points('postern.inbox.oldest_due.age')).toEqual([{ attributes: lane, value: 0 }])
  expect(await sdk.points('postern.inbox.up')).toEqual([
    { attributes: { 'messaging.destination.name': 'shop' }, value: 1 },
  ])
})

test('how long the oldest due task waits', async () => {
  const start = Date.now() - 90_000
  const { receiver, send } = createScene({
    receiver: { worker: 'onDemand', clock: { now: () => start } },
  })
  receiver.on('ping', () => {})
  await send()
  const [age] = await sdk.points('postern.inbox.oldest_due.age')
  expect(age!.value).toBeGreaterThanOrEqual(90)
  expect(age!.value).toBeLessThan(150)
})

test('a subscription whose tasks are done has none, and not the number it had last', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { receiver, send } = createScene({ receiver: { worker: 'onDemand' } })
  receiver.on('ping', () => {})
  await send()
  const pending = async (): Promise<unknown> =>
    by(await sdk.points('postern.inbox.tasks'), 'postern.state')['pending']
  expect(await pending()).toBe(1)
  await receiver.runDue()
  vi.advanceTimersByTime(2000)
  expect(await pending()).toBe(0)
  vi.useRealTimers()
})

test('an inbox that fails to tell its depth is down, and metrics of others are collected', async () => {
  const memory = memoryInbox()
  const broken: Inbox = {
    ...memory,
    view: {
      ...memory.view!,
      stats: (): Promise<readonly SubscriptionStats[]> =>
        Promise.reject(new Error('the inbox is down')),
    },
  }
  const { receiver, send } = createScene({ receiver: { inbox: broken } })
  receiver.on('ping', () => {})
  await send()
  expect(await sdk.points('postern.inbox.up')).toEqual([
    { attributes: { 'messaging.destination.name': 'shop' }, value: 0 },
  ])
  expect(await sdk.points('postern.deliveries')).toHaveLength(1)
})

test('tasks that ended without a run, folded and stale apart', async () => {
  createScene()
  const told = { receiver: 'shop', subscription: 'mail', task: 't' }
  const observer = observeMetrics(metrics.getMeter('own'))
  for (const into of ['u', 'u', undefined]) observer.folded!({ ...told, into })
  expect(by(await sdk.points('postern.task.folded'), 'postern.outcome')).toEqual({
    folded: 2,
    stale: 1,
  })
})

test('interruptions and rejected ends of lost claims', async () => {
  createScene()
  const told = { receiver: 'shop', subscription: 'mail', task: 't', attempt: 1 }
  const lane = { 'messaging.destination.name': 'shop', 'messaging.consumer.group.name': 'mail' }
  const observer = observeMetrics(metrics.getMeter('own'))
  observer.interrupted!({ ...told, count: 1, strikes: 0 })
  observer.outcomeRejected!({
    ...told,
    provider: 'acme',
    id: 'e',
    topic: 'ping',
    tenant: undefined,
    part: undefined,
    receivedAt: 0,
    carrier: undefined,
  })
  expect(await sdk.points('postern.task.interruptions')).toEqual([{ attributes: lane, value: 1 }])
  expect(by(await sdk.points('postern.task.outcomes'), 'postern.outcome')).toEqual({ rejected: 1 })
})
