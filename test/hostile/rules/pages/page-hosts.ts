import { createServer, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { inspector as onExpress } from '@postern/inspector/express'
import { inspector as onFastify } from '@postern/inspector/fastify'
import { inspector as onFetch } from '@postern/inspector/fetch'
import { inspector as onHono } from '@postern/inspector/hono'
import { inspector as onKoa } from '@postern/inspector/koa'
import { inspector as onNext } from '@postern/inspector/next'
import { inspector as onNode } from '@postern/inspector/node'
import { listen } from '@postern/testing'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import mount from 'koa-mount'

export interface OpenPage {
  readonly url: string
  readonly close: () => Promise<void>
}

export type PageOptions = Omit<Parameters<typeof onFetch>[0], 'auth'> & {
  readonly auth?: { readonly token: string } | { readonly basic: Record<string, string> }
}

const PATH = '/admin/postern'

export const pageHosts: Readonly<Record<string, (options: PageOptions) => Promise<OpenPage>>> = {
  node: async (options) => {
    const page = onNode(options)
    return listen(
      createServer((request, response) => void page(request, response)),
      PATH,
    )
  },
  express: async (options) => listen(express().use(PATH, onExpress(options)), PATH),
  koa: async (options) => listen(new Koa().use(mount(PATH, onKoa(options))).callback(), PATH),
  fastify: async (options) => {
    // An unread body would keep its connection open.
    const app = fastify({ forceCloseConnections: true })
    await app.register(onFastify(options), { prefix: PATH })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url: url + PATH, close: () => app.close() }
  },
  hono: async (options) => web(new Hono().all(`${PATH}/*`, onHono(options)).fetch),
  fetch: async (options) => web(onFetch(options)),
  next: async (options) => {
    const route = onNext(options)
    return web(async (request) => route[request.method as keyof typeof route](request as never))
  },
}

/** Routes of the inspector: those that only read, and those that change something. */
export const READS: readonly string[] = [
  'status',
  'version',
  'health',
  'charts',
  'registered',
  'list',
  'suggest',
  'delivery',
  'task',
  'explain',
  'copy',
]
export const ACTS: readonly string[] = ['replay', 'delete', 'rerun', 'sample']

/** Headers that the page itself sends with an action. */
export const OWN: Readonly<Record<string, string>> = {
  'x-postern-action': '1',
  'sec-fetch-site': 'same-origin',
}

function web(fetch: (request: Request) => Response | Promise<Response>): Promise<OpenPage> {
  return listen(createAdaptorServer({ fetch }) as Server, PATH)
}
