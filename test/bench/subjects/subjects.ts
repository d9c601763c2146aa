import { createRequire } from 'node:module'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Provider } from '@postern/core/scheme'
import type * as Bolt from '@slack/bolt'
import type { Handler } from 'express'
import type nextTypes from 'next'
import { handled } from '../counter.ts'
import { PUBLIC_URL, SECRET } from '../deliveries.ts'
import { collect, macOf, same, take, takeRequest } from './by-hand.ts'
import type { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

// Each subject imports its modules when it starts, so that a process loads only those of one subject.

/** Every subject by its name: the framework and what runs on it. Peers are used as their documentation shows. */
export const subjects: Readonly<Record<string, Subject>> = {
  /** Reads the body and replies. No receiver can be faster. */
  'node-bare': {
    sender: 'github',
    start: () =>
      listen((request, response) => request.resume().on('end', () => answer(response, 200))),
  },
  /** The reference of the JSON columns. */
  'node-by-hand': {
    sender: 'github',
    start: () =>
      listen(async (request, response) => {
        answer(response, takeRequest(request, await collect(request)))
      }),
  },
  /** The reference of the form columns, which receives Twilio's forms. */
  'node-by-hand-form': {
    sender: 'twilio',
    start: () =>
      listen(async (request, response) => {
        const fields = new URLSearchParams((await collect(request)).toString())
        const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1))
        const text = sorted.map(([name, value]) => name + value).join('')
        const right = same(request, 'x-twilio-signature', macOf('sha1', 'base64', PUBLIC_URL, text))
        if (right) handled()
        answer(response, right ? 200 : 401)
      }),
  },
  /** The reference of the XML columns, with fast-xml-parser. */
  'node-by-hand-xml': {
    sender: 'xml',
    async start() {
      const { XMLParser } = await import('fast-xml-parser')
      const parser = new XMLParser()
      return listen(async (request, response) => {
        const body = await collect(request)
        const right = same(request, 'x-signature', macOf('sha256', 'hex', body))
        if (right && 'order' in (parser.parse(body.toString()) as object)) handled()
        answer(response, right ? 200 : 401)
      })
    },
  },
  /** Stores the body in SQLite (synchronous=FULL) before the 200, in one transaction per event loop turn. */
  'node-by-hand-sqlite': {
    sender: 'github',
    async start() {
      const store = await storer()
      return listen(async (request, response) => {
        const body = await collect(request)
        const status = takeRequest(request, body)
        if (status === 200) await store(body)
        answer(response, status)
      })
    },
  },
  'node-postern': { sender: 'github', start: () => onNode() },
  'node-postern-form': { sender: 'twilio', start: async () => onNode({ provider: await forms() }) },
  'node-postern-xml': {
    sender: 'xml',
    start: async () => onNode({ provider: (await import('./postern.ts')).xmlProvider() }),
  },
  'node-postern-sqlite': {
    sender: 'github',
    start: async () => onNode({ inbox: (await import('./postern.ts')).temporarySqlite() }),
  },
  'node-postern-postgres': {
    sender: 'github',
    async start() {
      const { postgresInbox } = await import('@postern/postgres')
      const schema = process.env['BENCH_PLACE'] ?? 'bench_http'
      const connectionString = process.env['BENCH_POSTGRES']!
      return onNode({ inbox: postgresInbox({ connectionString, schema }) })
    },
  },
  /** Redis writes each event to disk (appendfsync always) before the 200. */
  'node-postern-bullmq': {
    sender: 'github',
    async start() {
      const { bullmqInbox } = await import('@postern/bullmq')
      const prefix = `{${process.env['BENCH_PLACE'] ?? 'http'}}`
      return onNode({ inbox: bullmqInbox({ connection: process.env['BENCH_REDIS']!, prefix }) })
    },
  },
  'node-octokit': {
    sender: 'github',
    async start() {
      const middleware = await octokit()
      return listen((request, response) => void middleware(request, response))
    },
  },
  'node-bolt': {
    sender: 'slack',
    start: () => boltApp((bolt, options) => new bolt.HTTPReceiver(options)),
  },
  'express-by-hand': {
    sender: 'github',
    start: async () =>
      onExpress(await raw('*/*'), (request, response) => {
        response.status(takeRequest(request, request.body as Buffer)).end()
      }),
  },
  'express-postern': { sender: 'github', start: () => posternOnExpress() },
  'express-postern-form': {
    sender: 'twilio',
    start: async () => posternOnExpress({ provider: await forms() }),
  },
  'express-octokit': {
    sender: 'github',
    async start() {
      const { default: express } = await import('express')
      return listen(express().use(await octokit()))
    },
  },
  'express-stripe': {
    sender: 'stripe',
    async start() {
      const { default: Stripe } = await import('stripe')
      const { webhooks } = new Stripe('sk_test_bench')
      return onExpress(await raw(), (request, response) => {
        const signature = request.headers['stripe-signature']!
        const event = webhooks.constructEvent(request.body as Buffer, signature, SECRET)
        if (event.type === 'invoice.paid') handled()
        response.send()
      })
    },
  },
  'express-standardwebhooks': {
    sender: 'standard-webhooks',
    start: async () => standardOnExpress((await import('standardwebhooks')).Webhook),
  },
  'express-svix': {
    sender: 'standard-webhooks',
    start: async () => standardOnExpress((await import('svix')).Webhook),
  },
  'express-bolt': {
    sender: 'slack',
    start: () => boltApp((bolt, options) => new bolt.ExpressReceiver(options)),
  },
  'express-tern': {
    sender: 'github',
    async start() {
      const { createWebhookMiddleware } = await import('@hookflo/tern/express')
      const verify = createWebhookMiddleware({ platform: 'github', secret: SECRET })
      return onExpress(verify as unknown as Handler, (_request, response) => {
        handled()
        response.json({ ok: true })
      })
    },
  },
  'express-twilio': {
    sender: 'twilio',
    async start() {
      const { default: express } = await import('express')
      const { default: twilio } = await import('twilio')
      const fields = express.urlencoded({ extended: false })
      const verify = twilio.webhook(SECRET, { url: PUBLIC_URL })
      return onExpress(fields, verify, (_request, response) => {
        handled()
        response.type('text/xml').send('<Response/>')
      })
    },
  },
  'koa-by-hand': {
    sender: 'github',
    async start() {
      const { default: Koa } = await import('koa')
      const app = new Koa().use(async (context) => {
        context.status = takeRequest(context.req, await collect(context.req))
        context.body = ''
      })
      return listen(app.callback())
    },
  },
  'koa-postern': {
    sender: 'github',
    async start() {
      const { default: Koa } = await import('koa')
      const { webhook } = await import('@postern/koa')
      return listen(new Koa().use(webhook(await receiver())).callback())
    },
  },
  /** Uses a content type parser that returns the bytes. */
  'fastify-by-hand': {
    sender: 'github',
    async start() {
      const { default: Fastify } = await import('fastify')
      const app = Fastify({ bodyLimit: 26_214_400 })
      app.removeAllContentTypeParsers()
      app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
      app.post('/hook', async (request, reply) =>
        reply.code(takeRequest(request.raw, request.body as Buffer)).send(),
      )
      return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    },
  },
  'fastify-postern': {
    sender: 'github',
    async start() {
      const { default: Fastify } = await import('fastify')
      const { webhook } = await import('@postern/fastify')
      const app = Fastify()
      await app.register(webhook(await receiver(), { path: '/hook' }))
      return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    },
  },
  'hono-by-hand': {
    sender: 'github',
    async start() {
      const { getRequestListener } = await import('@hono/node-server')
      const { Hono } = await import('hono')
      const app = new Hono().post('/hook', async (context) => {
        const { req } = context
        const body = Buffer.from(await req.arrayBuffer())
        const status = take(body, req.header('x-hub-signature-256'), req.header('x-github-event'))
        return context.body(null, status as 200)
      })
      return listen(getRequestListener(app.fetch))
    },
  },
  'hono-postern': {
    sender: 'github',
    async start() {
      const { getRequestListener } = await import('@hono/node-server')
      const { Hono } = await import('hono')
      const { webhook } = await import('@postern/hono')
      const app = new Hono().all('/hook', webhook(await receiver()))
      return listen(getRequestListener(app.fetch))
    },
  },
  'next-by-hand': { sender: 'github', path: '/hand', start: nextApp },
  'next-postern': { sender: 'github', path: '/postern', start: nextApp },
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': '0' })
  response.end()
}

/** Stores all bodies of one event loop turn together. */
async function storer(): Promise<(body: Uint8Array) => Promise<void>> {
  const { DatabaseSync } = await import('node:sqlite')
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const database = new DatabaseSync(join(folder, 'webhooks.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO deliveries (body) VALUES (?)')
  let waiting: { readonly body: Uint8Array; readonly stored: () => void }[] = []
  return (body) =>
    new Promise((stored) => {
      if (waiting.push({ body, stored }) === 1) setImmediate(flush)
    })

  function flush(): void {
    const batch = waiting
    waiting = []
    database.exec('BEGIN')
    for (const { body } of batch) insert.run(body)
    database.exec('COMMIT')
    for (const { stored } of batch) stored()
  }
}

type PosternOptions = Parameters<typeof posternReceiver>[0]

async function receiver(options?: PosternOptions) {
  return (await import('./postern.ts')).posternReceiver(options)
}

async function onNode(options?: PosternOptions): Promise<number> {
  const { webhook } = await import('@postern/node')
  return listen(webhook(await receiver(options)))
}

async function posternOnExpress(options?: PosternOptions): Promise<number> {
  const { webhook } = await import('@postern/express')
  return onExpress(webhook(await receiver(options)))
}

async function onExpress(...handlers: readonly Handler[]): Promise<number> {
  const { default: express } = await import('express')
  return listen(express().all('/hook', ...handlers))
}

async function raw(type = 'application/json'): Promise<Handler> {
  const { default: express } = await import('express')
  return express.raw({ type, limit: '25mb' })
}

type Verifying = new (secret: string) => {
  verify(body: Buffer, headers: Record<string, string>): unknown
}

async function standardOnExpress(Webhook: Verifying): Promise<number> {
  const webhook = new Webhook(SECRET)
  return onExpress(await raw(), (request, response) => {
    const headers = request.headers as Record<string, string>
    const event = webhook.verify(request.body as Buffer, headers) as { type: string }
    if (event.type === 'user.created') handled()
    response.json({})
  })
}

async function octokit() {
  const { createNodeMiddleware, Webhooks } = await import('@octokit/webhooks')
  const webhooks = new Webhooks({ secret: SECRET })
  webhooks.on('issues', handled)
  return createNodeMiddleware(webhooks, { path: '/hook' })
}

async function forms(): Promise<Provider> {
  const { twilio } = await import('@postern/providers/twilio')
  return twilio({ authToken: SECRET, publicUrl: PUBLIC_URL })
}

type Receivers = Pick<typeof Bolt, 'ExpressReceiver' | 'HTTPReceiver'>

/** Starts a Bolt app that does not connect to Slack. */
async function boltApp(
  make: (bolt: Receivers, options: { signingSecret: string; endpoints: string }) => Bolt.Receiver,
): Promise<number> {
  const bolt = await import('@slack/bolt')
  const logLevel = bolt.LogLevel.ERROR
  const options = { signingSecret: SECRET, endpoints: '/hook', logLevel }
  const app = new bolt.App({
    receiver: make(bolt, options),
    authorize: async () => ({ botToken: 'xoxb-bench', botId: 'B1', botUserId: 'U1' }),
    logLevel,
  })
  app.event('app_mention', async () => handled())
  const server = (await app.start({ host: '127.0.0.1', port: 0 })) as Server
  return (server.address() as AddressInfo).port
}

/** Serves the built Next.js app in this process, so that its CPU time can be measured. */
async function nextApp(): Promise<number> {
  // The types of `next` declare a `default` that an ES module cannot import.
  const next = createRequire(import.meta.url)('next') as (typeof nextTypes)['default']
  const app = next({ dev: false, dir: join(import.meta.dirname, '..', 'next'), quiet: true })
  await app.prepare()
  const handle = app.getRequestHandler()
  return listen((request, response) => void handle(request, response))
}
