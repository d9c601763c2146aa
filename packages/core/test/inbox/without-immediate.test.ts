import { afterEach, expect, test, vi } from 'vitest'
import { memoryInbox } from '../../src/index.ts'
import { setup } from '../acme.ts'

afterEach(() => void vi.unstubAllGlobals())

test('where there is no setImmediate, tasks run all the same', async () => {
  vi.stubGlobal('setImmediate', undefined)
  const { receiver, send } = setup({ inbox: memoryInbox() })
  const ran = Promise.withResolvers<string | undefined>()
  receiver.on('**', (event) => ran.resolve(event.id))
  expect(await send({ id: 'one' })).toMatchObject({ status: 200 })
  expect(await ran.promise).toBe('one')
  await receiver.close()
})
