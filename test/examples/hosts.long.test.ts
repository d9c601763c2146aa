// Takes 8 s.
import { join } from 'node:path'
import { catalogue } from '@postern/providers/catalogue'
import { github } from '@postern/providers/github'
import { expect, test } from 'vitest'
import { runWorker } from '../apps/worker.ts'
import { root } from '../run/report.ts'
import { freePort, removeFolder, temporaryFolder } from '../services/temporary.ts'
import { follow, send, spawnIn } from './example.ts'

const secret = 'it is a secret'
const hosts = join(root, 'examples/hosts')

// `npm test -- pack` builds and starts the Next.js and Nest examples, as `postern init` writes them.
test.for(['express', 'fastify', 'hono', 'koa', 'node'])(
  'the example of %s handles a signed push, rejects a forged one, and closes on SIGTERM',
  async (host) => {
    const cwd = await temporaryFolder('host')
    const port = await freePort()
    const env = { PORT: String(port), GITHUB_WEBHOOK_SECRET: secret }
    const output = follow(spawnIn(cwd, [join(hosts, host, 'server.ts')], env))
    try {
      const url = `http://localhost:${port}/webhooks/github`
      const push = github({ secret }).sign!({ url, id: 'e1', topic: 'push', payload: {} })
      await expect.poll(() => send(push).then(({ status }) => status, String)).toBe(200)
      expect(await output.line('push e1')).toBe('push e1')
      expect((await send({ ...push, body: Buffer.from('{"a":1}') })).status).toBe(401)
      expect(await output.end()).toBe(0)
    } finally {
      await output.stop()
      await removeFolder(cwd)
    }
  },
)

test('the example of Cloudflare handles a push in workerd', async () => {
  const about = catalogue.get('github')!
  expect(await runWorker(join(hosts, 'cloudflare/webhooks/worker.ts'), about)).toEqual([
    200,
    'push',
  ])
})

test('the examples of Lambda and fetch answer', async () => {
  const cwd = await temporaryFolder('host')
  const program = `
    const { handler, cron } = await import(${JSON.stringify(join(hosts, 'lambda/webhooks/lambda.ts'))})
    const { default: app } = await import(${JSON.stringify(join(hosts, 'fetch/server.ts'))})
    const { statusCode } = await handler({ version: '2.0', rawPath: '/', rawQueryString: '', headers: {}, requestContext: { http: { method: 'POST' }, domainName: 'a.example' }, isBase64Encoded: false })
    const { status } = await app.fetch(new Request('http://localhost/', { method: 'POST' }))
    console.log(statusCode, typeof cron, status)
    process.exit()`
  const args = ['--input-type=module', '-e', program]
  const child = spawnIn(cwd, args, { GITHUB_WEBHOOK_SECRET: secret })
  try {
    expect(await follow(child).line(/^\d/)).toBe('401 function 401')
  } finally {
    await removeFolder(cwd)
  }
})
