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
import { acme, pinged, setup, throwing } from './acme.ts'

/** An observer that keeps the receivers it is attached to; the events tell what it heard. */
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
