// An app of one framework that ends by closeOnSignal: `node shutdown-victim.ts <framework> <inbox> <store>`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { createReceiver } from '@postern/core'
import { webhook as expressWebhook } from '@postern/express'
import { webhook as fastifyWebhook } from '@postern/fastify'
import { webhook as honoWebhook } from '@postern/hono'
import { webhook as koaWebhook } from '@postern/koa'
import { closeOnSignal, webhook, type ClosableServer } from '@postern/node'
import { acme } from '@postern/testing'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { openDurable, type DurableName } from './inboxes.ts'
import { SECRET } from './secrets.ts'

const [framework = 'node', name = 'sqlite', store = ''] = process.argv.slice(2)
const inbox = openDurable(name as DurableName, store, '1s')
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
    const server = express()
      .all('/hooks', expressWebhook(receiver))
      .listen(0, '127.0.0.1', () => ready(server.address()))
    return server
  },
  async koa() {
    const take = koaWebhook(receiver)
    const server = new Koa().use(take).listen(0, '127.0.0.1', () => ready(server.address()))
    return server
  },
  async fastify() {
    const app = Fastify()
    app.register(fastifyWebhook(receiver, { path: '/hooks' }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    ready(app.server.address())
    return app
  },
  async hono() {
    const app = new Hono().all('/hooks', honoWebhook(receiver))
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) =>
      ready(address as AddressInfo),
    ) as ClosableServer
  },
}

const server = await starts[framework]!()
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '10s' })

function ready(address: string | AddressInfo | null): void {
  console.log(`ready ${(address as AddressInfo).port}`)
}
