import { once } from 'node:events'
import { createReceiver } from '@postern/core'
import { acme, listen, signed } from '@postern/testing'
import { expect, onTestFinished, test } from 'vitest'
import { inFront, webhook } from '../src/index.ts'

const provider = acme({ secret: 'a-long-enough-secret' })

test('webhooks pass a framework that rejects posts of strangers, and all else is its own', async () => {
  const receiver = createReceiver({ provider, log: false, onUnhandled: 'acknowledge' })
  const listener = inFront({ '/webhooks/acme': webhook(receiver) }, (_request, response) => {
    response.writeHead(403).end('Cross-site POST form submissions are forbidden')
  })
  const mounted = await listen(listener)
  onTestFinished(mounted.close)
  const origin = new URL(mounted.url).origin
  const statusOf = async (path: string): Promise<number> =>
    (await fetch(await signed(provider, undefined, {}, { url: origin + path }))).status
  expect(await statusOf('/webhooks/acme?a=1')).toBe(200)
  const warned = once(process, 'warning')
  for (const path of ['/webhooks/acme/', '/webhooks/acme/more', '/webhooks', '/'])
    expect([path, await statusOf(path)]).toEqual([path, 403])
  expect(String((await warned)[0])).toContain(
    'POST came to /webhooks/acme/, but the webhook is at /webhooks/acme; the framework answered this request',
  )
  await mounted.close()
})

test.each<[routes: object, rest: unknown, says: string]>([
  [{ webhooks: () => {} }, () => {}, 'a route must be a path'],
  [{ '/a?b': () => {} }, () => {}, 'a route must be a path'],
  [{ '/a': {} }, () => {}, '/a needs a listener'],
  [{ '/a': () => {} }, undefined, "framework's handler"],
])('%j in front of %j is a TypeError', (routes, rest, says) => {
  expect(() => inFront(routes as never, rest as never)).toThrow(TypeError)
  expect(() => inFront(routes as never, rest as never)).toThrow(says)
})
