import { createReceiver, memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { expect, test } from 'vitest'
// The package's entry would need a module of the Workers runtime.
import { worker } from '../src/worker.ts'

test('a path with a slash more or less gets 404, and the log says so once', async () => {
  const warnings: string[] = []
  const observers = [{ warning: (_: string, message: string) => void warnings.push(message) }]
  const provider = github({ secret: 'a secret of the tests' })
  const inbox = memoryInbox()
  const webhooks = worker<{ WEBHOOKS: object }>(
    () => ({
      '/webhooks/github': createReceiver({
        provider,
        inbox,
        observers,
        log: false,
        onUnhandled: 'acknowledge',
      }),
    }),
    'WEBHOOKS',
  )
  const env = { WEBHOOKS: { getByName() {} } }
  const statusOf = async (path: string): Promise<number> => {
    const { url, method, headers, body } = provider.sign!({
      payload: {},
      topic: 'push',
      url: `https://hooks.example${path}`,
    })
    const request = new Request(url, { method, headers: { ...headers }, body: body as BodyInit })
    return (await webhooks.fetch(request, env, { waitUntil() {} })).status
  }
  expect(await statusOf('/webhooks/github')).toBe(200)
  for (const path of ['/webhooks/github/', '/webhooks/github/', '/other'])
    expect(await statusOf(path)).toBe(404)
  expect(warnings).toEqual([
    'a request to /webhooks/github/ got 404, since the webhook is at /webhooks/github: give the sender that path',
  ])
  await inbox.close()
})
