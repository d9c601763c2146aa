import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { openDeaf } from './deaf.ts'
import { createScene } from './scene.ts'
import { openSite, type Manner } from './site.ts'

test.each<[string, Manner]>([
  ['no answer at all', () => {}],
  ['an answer that never begins its body', (_, __, response) => response.flushHeaders()],
])('%s counts as a failure, or as the status that came, in time', async (_, manner) => {
  const site = await openSite(manner)
  const scene = createScene({ to: site.url, timeout: 200, retry: { attempts: 1 } })
  await scene.send()
  await (manner.length === 0 ? scene.until('dead') : scene.until('done', 2))
  await Promise.all([scene.close(), site.close()])
})

test('a connection that does not come about is given up, long before the call as a whole', async () => {
  const deaf = await openDeaf()
  const scene = createScene({
    to: { id: 'deaf', url: deaf.url },
    connectTimeout: 200,
    timeout: '1h',
    retry: { attempts: 1 },
  })
  await scene.send()
  expect(await scene.until('dead')).toContain('ConnectTimeoutError')
  await Promise.all([scene.close(), deaf.close()])
})

test.each([
  ['without end', {}],
  ['that says how long it is', { 'content-length': '1000000000' }],
])('an answer %s is cut off, and its connection alone is lost', async (_, headers) => {
  const long = await openSite((_got, _nth, response) => {
    response.writeHead(200, headers)
    response.on('drain', () => pour(response))
    pour(response)
  })
  const plain = await openSite()
  const scene = createScene({ to: [long.url, plain.url] })
  for (const [at, id] of ['a', 'b', 'c'].entries()) {
    await scene.send({ id })
    await scene.until('done', 3 * (at + 1))
  }
  expect([long.got.length, long.connections, plain.connections]).toEqual([3, 3, 1])
  await Promise.all([scene.close(), long.close(), plain.close()])
})

function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(Buffer.alloc(16_384)));
}
