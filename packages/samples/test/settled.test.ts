import { createReceiver, type Receiver } from '@postern/core'
import { expect, test } from 'vitest'
import { acme } from '@postern/testing'
import type { Provider } from '@postern/core/scheme'
import { deliver, settled, signed } from '../src/index.ts'

const provider = acme({ secret: 'shared with acme' })

test('a task that is to be tried again is not taken for settled between two looks', async () => {
  const receiver = createReceiver({ provider, log: false })
  const first = Promise.withResolvers<void>()
  receiver.on('order', { retry: { attempts: 2, initialDelay: 60_000 } }, () => first.promise)
  const started = Promise.withResolvers<void>()
  const retried = Promise.withResolvers<void>()
  receiver.observe({ attemptStarted: () => started.resolve(), retried: () => retried.resolve() })
  await receiver.receive(provider.sign!({ topic: 'order', id: 'a', payload: {} }))
  await started.promise
  // `settled` reads several lists in order, and the attempt fails after the first list.
  let lists = 0
  const between: Receiver = {
    ...receiver,
    async tasks(filter) {
      const found = await receiver.tasks(filter)
      if (++lists === 1) {
        first.reject(new Error('not yet'))
        await retried.promise
      }
      return found
    },
  }
  await expect(settled(between, { timeout: 100 })).rejects.toThrow('1 task is left')
  await receiver.close({ timeout: 0 })
})

test('receivers whose provider has types of its own are taken', async () => {
  const typed: Provider<{ order: { total: number } }> = provider as never
  const receiver = createReceiver({ provider: typed, log: false })
  const totals: number[] = []
  receiver.on('order', ({ payload }) => void totals.push(payload.total))
  const { status } = await deliver(receiver, signed(typed, 'order', { total: 7 }))
  await settled(receiver)
  expect([status, ...totals]).toEqual([200, 7])
})
