import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Receiver } from '@postern/core'
import type { ClosableServer } from '@postern/node'
import type { HostName } from '../../packages/cli/src/hosts.ts'
import { listenOn } from './temporary.ts'

interface Trust {
  readonly trustProxy?: { readonly hops: number; readonly headers: readonly 'x-forwarded-proto'[] }
}

export interface HostServer {
  readonly server: Server
  /** Server or app for `closeOnSignal`. */
  readonly app: ClosableServer
  /** Listens on a free port of 127.0.0.1. Returns the port. */
  readonly listen: () => Promise<number>
}

export type Serve = (receiver: Receiver, trust?: Trust) => Promise<HostServer>

export type Handler = (receiver: Receiver) => Promise<(request: Request) => Promise<Response>>

/** How tests run a host: with its server, or with a handler if the host does not use Node.js' server. */
type HostRow = (
  | { readonly serve: Serve }
  | { readonly handler: Handler }
  /** For hosts that pass on only complete requests. Cases with partial bodies do not apply. */
  | { readonly whole: Handler }
) & {
  /** Versions for the README's table. */
  readonly versions?: string
  /** Code for the README's table that mounts a receiver, with a remark. */
  readonly mounted: string
}

/**
 * All hosts of the CLI. Each row loads its framework only when it is used, because tests start many processes with this
 * module.
 */
export const hosts: Readonly<Record<HostName, HostRow>> = {
  node: {
    mounted: '`createServer(webhook(receiver))`',
    async serve(receiver, trust) {
      const { webhook } = await import('@postern/node')
      return onServer(createServer(webhook(receiver, trust)))
    },
  },
  express: {
    mounted: "`app.all('/webhooks/github', webhook(receiver))`, before any body parser",
    versions: '5 and 4',
    async serve(receiver, trust) {
      const { default: express } = await import('express')
      const { webhook } = await import('@postern/express')
      return onServer(createServer(express().use(webhook(receiver, trust))))
    },
  },
  koa: {
    mounted: "`router.all('/webhooks/github', webhook(receiver))`",
    async serve(receiver, trust) {
      const { default: Koa } = await import('koa')
      const { webhook } = await import('@postern/koa')
      const answer = new Koa().use(webhook(receiver, trust)).callback()
      return onServer(createServer((request, response) => void answer(request, response)))
    },
  },
  fastify: {
    mounted: "`fastify.register(webhook(receiver, { path: '/webhooks/github' }))`",
    async serve(receiver, trust) {
      const { fastify } = await import('fastify')
      const { webhook } = await import('@postern/fastify')
      const app = fastify()
      await app.register(webhook(receiver, { path: '/*', ...trust }))
      await app.ready()
      const listen = async (): Promise<number> => {
        await app.listen({ port: 0, host: '127.0.0.1' })
        return (app.server.address() as AddressInfo).port
      }
      return { server: app.server, app, listen }
    },
  },
  hono: {
    mounted: "`app.all('/webhooks/github', webhook(receiver))`",
    async serve(receiver, trust) {
      const { Hono } = await import('hono')
      const { createAdaptorServer } = await import('@hono/node-server')
      const { webhook } = await import('@postern/hono')
      const app = new Hono()
      const plain = webhook(receiver)
      app.all('*', (context) => {
        if (trust?.trustProxy === undefined) return plain(context)
        const publicBase = `${context.req.header('x-forwarded-proto')}://${context.req.header('host')}`
        return webhook(receiver, { publicBase })(context)
      })
      return onServer(createAdaptorServer({ fetch: app.fetch }) as Server)
    },
  },
  next: {
    mounted:
      '`export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })` in `app/webhooks/github/route.ts`, with `after` of Next.js',
    versions: 'App Router',
    async handler(receiver) {
      const { webhook } = await import('@postern/next')
      const handlers = webhook(receiver)
      return (request) =>
        handlers[request.method as keyof typeof handlers](request, { params: Promise.resolve({}) })
    },
  },
  // The Durable Object needs workerd. test/apps runs the whole app there.
  cloudflare: {
    mounted:
      "`export default worker(receivers, 'WEBHOOKS')`, as in [its README](packages/cloudflare/README.md)",
    versions: 'Workers, with a Durable Object',
    async handler(receiver) {
      const { worker } = await import('../../packages/cloudflare/src/worker.ts')
      const binding = { WEBHOOKS: { getByName() {} } }
      return (request) =>
        worker(() => ({ [new URL(request.url).pathname]: receiver }), 'WEBHOOKS').fetch(
          request,
          binding,
          { waitUntil() {} },
        )
    },
  },
  nest: {
    mounted:
      "`PosternModule.receiver('github', '/webhooks/github', { useFactory: () => receiver })`",
    versions: '12 and 11, on Express or Fastify',
    async serve(receiver, trust) {
      await import('reflect-metadata')
      const { NestFactory } = await import('@nestjs/core')
      const { PosternModule } = await import('@postern/nestjs')
      const module = PosternModule.receiver('any', '/{*path}', {
        useFactory: () => receiver,
        ...trust,
      })
      const app = await NestFactory.create(module, { logger: false, abortOnError: false })
      await app.init()
      return onServer(app.getHttpServer() as Server)
    },
  },
  lambda: {
    mounted: '`export const handler = webhook(receiver)`',
    versions: 'function URLs, API Gateway, load balancers',
    async whole(receiver) {
      const { webhook } = await import('@postern/aws-lambda')
      return async (request) => {
        const { pathname, search, host } = new URL(request.url)
        const event = {
          version: '2.0',
          rawPath: pathname,
          rawQueryString: search.slice(1),
          headers: { host, ...Object.fromEntries(request.headers) },
          requestContext: { http: { method: request.method }, domainName: host },
          body: Buffer.from(await request.arrayBuffer()).toString('base64'),
          isBase64Encoded: true,
        }
        const { statusCode, headers, body } = await webhook(receiver)(event as never)
        const empty = request.method === 'HEAD' || statusCode === 204 || statusCode === 304
        return new Response(empty ? null : body!, {
          status: statusCode,
          headers: headers as Record<string, string>,
        })
      }
    },
  },
  fetch: {
    mounted: '`receiver.fetch(request, { waitUntil })`',
    versions: 'Bun, Deno and other `fetch` runtimes',
    handler: async (receiver) => (request) => receiver.fetch(request),
  },
}

/** Names of {@link hosts} that use Node's server. */
export const serverNames: readonly HostName[] = Object.entries(hosts).flatMap(([name, row]) =>
  'serve' in row ? [name as HostName] : [],
)

export async function serveOn(
  name: HostName,
  receiver: Receiver,
  trust?: Trust,
): Promise<HostServer> {
  const row = hosts[name]
  if (!('serve' in row))
    throw new TypeError(`${name} has no server: one of ${serverNames.join(', ')}`)
  return row.serve(receiver, trust)
}

function onServer(server: Server): HostServer {
  return { server, app: server, listen: () => listenOn(server) }
}
