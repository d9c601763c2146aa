import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { serve as onHono } from '@postern/hono'
import { serve as onExpress } from '@postern/express'
import { serve as onFastify } from '@postern/fastify'
import { serve as onKoa } from '@postern/koa'
import { serve as onNode } from '@postern/node'
import { toFetch, type Route, type RouteRequest } from '@postern/core/routes'
import { listen } from '@postern/testing'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { expect, test } from 'vitest'

const heard: RouteRequest[] = []
const route: Route = async (request) => {
  heard.push(request)
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'up 1\n' }
}

const HOSTS: Readonly<Record<string, () => Promise<Parameters<typeof listen>[0]>>> = {
  'node:http': async () => onNode(route),
  express: async () => express().get('/metrics', onExpress(route)),
  koa: async () => new Koa().use(onKoa(route)).callback(),
  async fastify() {
    const app = fastify()
    app.get('/metrics', onFastify(route))
    await app.ready()
    return app.server
  },
  async hono() {
    const { fetch } = new Hono().get('/metrics', onHono(route))
    return createAdaptorServer({ fetch }) as Server
  },
}

test.each(Object.keys(HOSTS))('serve() mounts a route on %s', async (host) => {
  const { url, close } = await listen(await HOSTS[host]!(), '/metrics?a=1')
  heard.length = 0
  const reply = await fetch(url, { headers: { authorization: 'Bearer abc' } })
  await close()
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
