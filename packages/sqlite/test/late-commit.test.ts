import { createReceiver } from '@postern/core'
import { acme } from '@postern/testing'
import { expect, test } from 'vitest'
import { sqliteScene } from './scene.ts'

const { open, edit } = sqliteScene()

test('task.commit after the handler has returned says so, to its caller and to the log', async () => {
  const provider = acme({ secret: 'a secret of these tests' })
  const inbox = open()
  const warnings: string[] = []
  const receiver = createReceiver({
    provider,
    inbox,
    log: { warning: (_, message) => void warnings.push(message) },
  })
  let late: Promise<unknown> = Promise.resolve()
  const { promise: returned, resolve } = Promise.withResolvers<void>()
  receiver.observe({ done: () => resolve() })
  receiver.on('ping', (_, task) => {
    // This handler does not await the work that it starts.
    late = returned.then(async () => task.commit(() => edit(() => {})))
    late.catch(() => {})
  })
  await receiver.receive(provider.sign!({ topic: 'ping', id: '1', payload: {} }))
  await expect(late)
    .resolves.toBeUndefined()
    .catch(() => {})
  await returned
  await expect(late).rejects.toThrow(
    'the handler had returned already, so nothing was written; await the transaction',
  )
  expect(warnings.join()).toMatch(/task \d+: task.commit: the handler had returned/)
  await receiver.close()
})

test.each([undefined, null])('a change without a filter is rejected: %s', async (filter) => {
  const { view } = open()
  for (const change of ['replay', 'delete', 'erase'] as const) {
    await expect(view![change](filter as never)).rejects.toThrow(
      `${change}: filter must be an object`,
    )
    await expect(view![change]({ id: undefined } as never)).rejects.toThrow(
      `${change}: id must have a value, got undefined`,
    )
  }
})
