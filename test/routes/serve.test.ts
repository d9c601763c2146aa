import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as onHono } from '@postern/hono'
import { serve as onExpress } from '@postern/express'
import { serve as onFastify } from '@postern/fastify'
import { serve as onKoa } from '@postern/koa'
import { serve as onNode } from '@postern/node'
import { toFetch, type Route, type RouteRequest } from '@postern/core/routes'
import { serve as listen } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, expect, test } from 'vitest'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const heard: RouteRequest[] = []
const route: Route = async (request) => {
  heard.push(request)
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'up 1\n' }
}

const HOSTS: Readonly<Record<string, () => Promise<Server>>> = {
  async 'node:http'() {
    const handle = onNode(route)
    return createServer((request, response) => void handle(request, response)).listen(
      0,
      '127.0.0.1',
    )
  },
  express: async () => express().get('/metrics', onExpress(route)).listen(0, '127.0.0.1'),
  koa: async () => new Koa().use(onKoa(route)).listen(0, '127.0.0.1'),
  async fastify() {
    const app = fastify()
    app.get('/metrics', onFastify(route))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  },
  async hono() {
    const app = new Hono().get('/metrics', onHono(route))
    return listen({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  },
}

test.each(Object.keys(HOSTS))('serve() mounts a route on %s', async (host) => {
  server = await HOSTS[host]!()
  if (!server.listening) await new Promise((resolve) => server!.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/metrics?a=1`
  heard.length = 0
  const reply = await fetch(url, { headers: { authorization: 'Bearer abc' } })
  expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([
    200,
    'text/plain',
    'up 1\n',
  ])
  expect(heard).toEqual([
    {
      method: 'GET',
      url: expect.stringMatching(/\/metrics\?a=1$/),
      authorization: 'Bearer abc',
    },
  ])
})

test('toFetch() makes a fetch handler of a route', async () => {
  const reply = await toFetch(route)(new Request('https://example.com/metrics'))
  expect([reply.status, await reply.text()]).toEqual([200, 'up 1\n'])
})
