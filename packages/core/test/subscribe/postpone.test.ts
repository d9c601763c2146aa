import { expect, test } from 'vitest'
import { memoryInbox, PostponeError, UnrecoverableError } from '../../src/index.ts'
import type { PreparedHandler } from '../../src/basics/index.ts'
import { batches, setup, throwing } from '../acme.ts'

test('PostponeError uses no attempt, however often it is thrown', async () => {
  const { receiver, heard, send } = setup({ inbox: memoryInbox() })
  const attempts: number[] = []
  receiver.on('ping', { retry: { attempts: 2, initialDelay: 0 } }, (_, task) => {
    attempts.push(task.attempt)
    if (attempts.length <= 5) throw new PostponeError(1)
    if (attempts.length === 6) throw new Error('this one counts')
  })
  await send({ id: 'a' })
  await heard.until('done')
  expect(attempts).toEqual([1, 1, 1, 1, 1, 1, 2])
  expect(heard.all('postponed')).toHaveLength(5)
  expect(heard.all('attemptFailed')).toHaveLength(1)
  await receiver.close()
})

test('PostponeError of another copy of the package is known by its name, and wants a time', async () => {
  const { receiver, heard, send } = setup({ clock: { now: () => 1000 } })
  receiver.on(
    'ping',
    throwing(Object.assign(new Error('later'), { name: 'PostponeError', delay: 3_600_000 })),
  )
  await send({ id: 'a' })
  expect((await heard.until('postponed'))[1]).toBe(3_601_000)
  expect(() => new PostponeError('soon' as never)).toThrow('PostponeError')
  await receiver.close()
})

test('a handler may bring options of its subscription, and those of `on` win', async () => {
  const { receiver, heard, send } = setup()
  const seen: number[] = []
  const handler: PreparedHandler = Object.assign(
    (_: unknown, task: { readonly attempts: number }) => void seen.push(task.attempts),
    { defaults: { retry: { attempts: 3 } } },
  )
  receiver.on('ping', { name: 'own' }, handler)
  receiver.on('ping', { name: 'given', retry: { attempts: 5 } }, handler)
  await send({ id: 'a' })
  await heard.until('done', 2)
  expect(seen).toEqual([3, 5])
  await receiver.close()
})

test('an event says whether it is one of a batch', async () => {
  const { receiver, heard, send } = setup({ provider: batches() })
  const seen: unknown[] = []
  receiver.onAny((event) => void seen.push(event.batch))
  await send({ payload: [{ id: 'a', topic: 'ping', payload: { n: 1 } }] })
  await heard.until('done')
  const single = setup()
  single.receiver.onAny((event) => {
    seen.push(event.batch)
    throw new UnrecoverableError('seen')
  })
  await single.send({ id: 'b', payload: [1, 2] })
  await single.heard.until('dead')
  expect(seen).toEqual([true, undefined])
  await Promise.all([receiver.close(), single.receiver.close()])
})

test('what a handler throws since the receiver closes uses no attempt, even the last one', async () => {
  const inbox = memoryInbox()
  const first = setup({ inbox })
  first.receiver.on(
    'ping',
    { name: 'slow', retry: { attempts: 1 } },
    (_, task) =>
      new Promise((_resolve, reject) => {
        task.signal.addEventListener('abort', () => reject(new Error('stopped half-way')))
      }),
  )
  await first.send({ id: 'a' })
  await first.heard.until('attemptStarted')
  await first.receiver.close({ timeout: 40 })
  expect(first.heard.all('postponed')).toHaveLength(1)
  expect(first.heard.all('attemptFailed')).toEqual([])

  const second = setup({ inbox })
  const attempts: number[] = []
  second.receiver.on('ping', { name: 'slow', retry: { attempts: 1 } }, (_, task) => {
    attempts.push(task.attempt)
  })
  await second.receiver.startWorker()
  await second.heard.until('done')
  expect(attempts).toEqual([1])
  await second.receiver.close()
})
