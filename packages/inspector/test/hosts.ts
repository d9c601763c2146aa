import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { listen } from '@postern/testing'
import { serve as serveHono } from '@hono/node-server'
import express5 from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa3 from 'koa'
import mount from 'koa-mount'
import { inspector as onExpress } from '../src/hosts/express.ts'
import { inspector as onFastify } from '../src/hosts/fastify.ts'
import { inspector as onFetch } from '../src/hosts/fetch.ts'
import { inspector as onHono } from '../src/hosts/hono.ts'
import { inspector as onKoa } from '../src/hosts/koa.ts'
import { inspector as onNode } from '../src/hosts/node.ts'
import type { Grant, InspectorOptions } from '../src/index.ts'

export type Common = Omit<InspectorOptions<readonly never[]>, 'auth'> & {
  readonly auth?: { readonly token: string } | { readonly basic: Record<string, string> }
}

/** The app's own users, by the value of the cookie `user`. For `boom`, {@link userOf} throws. */
const USERS: Readonly<Record<string, Grant>> = {
  ada: { allow: 'all', as: 'ada' },
  bob: { allow: 'read', payloads: false, as: 'bob' },
}

function userOf(cookie: string | undefined): Grant | undefined {
  if (cookie === 'user=boom') throw new Error('the session store is down')
  const name = /(?:^|;\s*)user=(\w+)/.exec(cookie ?? '')?.[1]
  return name !== undefined && Object.hasOwn(USERS, name) ? USERS[name] : undefined
}

/** A running app with the inspector at `/admin/postern`. */
export interface App {
  readonly url: string
  readonly close: () => Promise<void>
}

/** A framework or runtime in which tests mount the inspector. */
export interface Host {
  readonly name: string
  readonly compresses: boolean
  /** True if the inspector gets the path of its mount from the host. */
  readonly tellsMount: boolean
  readonly mount: (options: Common) => Promise<App>
  /** Mounts the inspector with a function as `auth`. Without a session, the function redirects to `/login`. */
  readonly withSession: (options: Omit<Common, 'auth'>) => Promise<App>
}

const PATH = '/admin/postern'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

export const HOSTS: readonly Host[] = [
  ...Object.entries({ 'express 5': express5, 'express 4': express4 }).map(
    ([name, express]): Host => ({
      name,
      compresses: true,
      tellsMount: true,
      mount: async (options) => {
        // A body parser runs before the inspector, which is in a nested router.
        const app = express().use(express.json())
        app.use('/admin', express.Router().use('/postern', onExpress(options)))
        return listen(app, PATH)
      },
      withSession: async (options) => {
        const auth = async (request: express5.Request, response: express5.Response) => {
          const user = userOf(request.headers.cookie)
          return user ?? response.redirect('/login')
        }
        const app = express().use(express.json())
        app.use(PATH, onExpress({ ...options, auth }))
        app.use(((_error, _request, response, _next) => {
          response.status(500).send('the app handles errors')
        }) satisfies express5.ErrorRequestHandler)
        return listen(app, PATH)
      },
    }),
  ),
  ...Object.entries({ 'koa 3': Koa3, 'koa 2': Koa2 }).map(([name, Koa]): Host => ({
    name,
    compresses: true,
    tellsMount: true,
    mount: async (options) => listen(new Koa().use(mount(PATH, onKoa(options))).callback(), PATH),
    withSession: async (options) => {
      const app = new Koa()
      app.use(async (context, next) => {
        try {
          await next()
        } catch {
          context.status = 500
          context.body = 'the app handles errors'
        }
      })
      app.use(
        mount(
          PATH,
          onKoa({
            ...options,
            auth: async (context) => {
              const user = userOf(context.headers.cookie)
              if (!user) context.redirect('/login')
              return user
            },
          }),
        ),
      )
      return listen(app.callback(), PATH)
    },
  })),
  {
    name: 'fastify',
    compresses: true,
    tellsMount: true,
    mount: async (options) => fastify(onFastify(options)),
    withSession: async (options) =>
      fastify(
        onFastify({
          ...options,
          auth: async (request, reply) => {
            const user = userOf(request.headers.cookie)
            if (!user) await reply.redirect('/login')
            return user
          },
        }),
      ),
  },
  {
    name: 'hono',
    compresses: false,
    tellsMount: true,
    mount: async (options) => hono(new Hono().all(`${PATH}/*`, onHono(options))),
    withSession: async (options) => {
      const app = new Hono().all(
        `${PATH}/*`,
        onHono({
          ...options,
          auth: async (c) => {
            const cookie = c.req.header('cookie')
            return userOf(cookie) ?? c.redirect('/login')
          },
        }),
      )
      app.onError((_error, c) => c.text('the app handles errors', 500))
      return hono(app)
    },
  },
  {
    name: 'node',
    compresses: true,
    tellsMount: false,
    mount: async (options) => listen(onNode(options), PATH),
    withSession: async (options) => {
      const inspect = onNode({
        ...options,
        auth: (request, response) => {
          const user = userOf(request.headers.cookie)
          if (!user) response.writeHead(302, { location: '/login' }).end()
          return user
        },
      })
      return listen(
        createServer((request, response) => {
          inspect(request, response).catch(() =>
            response.writeHead(500).end('the app handles errors'),
          )
        }),
        PATH,
      )
    },
  },
  {
    name: 'fetch',
    compresses: false,
    tellsMount: false,
    mount: async (options) => hono({ fetch: onFetch(options) }),
    withSession: async (options) => {
      const inspect = onFetch({
        ...options,
        auth: (request) => {
          const cookie = request.headers.get('cookie') ?? undefined
          return (
            userOf(cookie) ?? new Response(null, { status: 302, headers: { location: '/login' } })
          )
        },
      })
      return hono({
        fetch: (request: Request) =>
          inspect(request).catch(() => new Response('the app handles errors', { status: 500 })),
      })
    },
  },
]

async function fastify(plugin: ReturnType<typeof onFastify>): Promise<App> {
  const app = Fastify()
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send('the app handles errors'))
  await app.register(plugin, { prefix: PATH })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url: url + PATH, close: () => app.close() }
}

function hono(app: {
  readonly fetch: (request: Request) => Response | Promise<Response>
}): Promise<App> {
  return new Promise((resolve) => {
    const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({
        url: `http://127.0.0.1:${port}${PATH}`,
        close: () => new Promise((closed) => server.close(() => closed())),
      }),
    )
  })
}
