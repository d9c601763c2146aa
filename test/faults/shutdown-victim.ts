// An app of one framework that ends by closeOnSignal: `node shutdown-victim.ts <framework> <inbox> <store>`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook, type ClosableServer } from '@postern/node'
// By its file: the package brings the suites along, and processes start often here.
import { acme } from '../../packages/testing/src/acme.ts'
import { openDurable, type DurableName } from './inboxes.ts'
import { SECRET } from './secrets.ts'

const [framework = 'node', name = 'sqlite', store = ''] = process.argv.slice(2)
const inbox = await openDurable(name as DurableName, store, '1s')
const receiver = createReceiver({ provider: acme({ secret: SECRET }), inbox, log: false })
receiver.on('ping', { name: 'handle', concurrency: 16 }, (_event, task) =>
  sleep(20, undefined, { signal: task.signal }),
)

const starts: Readonly<Record<string, () => Promise<ClosableServer>>> = {
  async node() {
    const server = createServer(webhook(receiver))
    server.listen(0, '127.0.0.1', () => ready(server.address()))
    return server
  },
  async express() {
    const { default: express } = await import('express')
    const { webhook: mount } = await import('@postern/express')
    const server = express()
      .all('/hooks', mount(receiver))
      .listen(0, '127.0.0.1', () => ready(server.address()))
    return server
  },
  async koa() {
    const { default: Koa } = await import('koa')
    const { webhook: mount } = await import('@postern/koa')
    const server = new Koa()
      .use(mount(receiver))
      .listen(0, '127.0.0.1', () => ready(server.address()))
    return server
  },
  async fastify() {
    const { fastify } = await import('fastify')
    const { webhook: mount } = await import('@postern/fastify')
    const app = fastify()
    app.register(mount(receiver, { path: '/hooks' }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    ready(app.server.address())
    return app
  },
  async hono() {
    const { Hono } = await import('hono')
    const { serve } = await import('@hono/node-server')
    const { webhook: mount } = await import('@postern/hono')
    const app = new Hono().all('/hooks', mount(receiver))
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) =>
      ready(address as AddressInfo),
    )
  },
}

const server = await starts[framework]!()
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '10s' })

function ready(address: string | AddressInfo | null): void {
  console.log(`ready ${(address as AddressInfo).port}`)
}
