import { expect, test, vi } from 'vitest'
import { acme, testProvider } from '../src/index.ts'

test('without fast-check the laws of signing say how to install it, and nothing else needs it', async () => {
  vi.doMock('fast-check', () => {
    throw new Error("Cannot find package 'fast-check'")
  })
  const tests = new Map<string, () => void | Promise<void>>()
  testProvider(
    {
      name: 'acme',
      create: (options) => acme(options as { readonly secret: string }),
      secretOption: 'secret',
      sign: { secrets: ['one secret', 'another secret'] },
    },
    { describe: (_name, body) => body(), test: (name, body) => void tests.set(name, body) },
  )
  const law = tests.get('is accepted, with the topic and the id of the draft')!
  await expect(law()).rejects.toThrow(
    'testProvider with sign: fast-check is not there, and the laws of signing need it: npm install --save-dev fast-check',
  )
  vi.doUnmock('fast-check')
})
