import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { deliver, signed } from '@postern/testing'
import { expect, test } from 'vitest'
import { subscribe } from './handlers.ts'

test('push is handled', async () => {
  const provider = github({ secret: 'a-secret-of-tests' })
  const receiver = createReceiver({ provider, log: false })
  subscribe(receiver)
  const { status, tasks } = await deliver(receiver, signed(provider, 'push', {}))
  await receiver.close()
  expect(status < 300).toBe(true)
  expect(tasks[0]?.state).toBe('done')
})
