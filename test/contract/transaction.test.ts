import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { webhook as onExpress } from '@postern/express'
import { webhook as onFastify } from '@postern/fastify'
import { webhook as onHono } from '@postern/hono'
import { webhook as onKoa } from '@postern/koa'
import { webhook as onNext } from '@postern/next'
import { acme, listen } from '@postern/testing'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { expect, test } from 'vitest'

const provider = acme({ secret: 'a secret of these tests' })

type Within = (accept: AcceptWithin, path: string) => Promise<unknown>

type Send = (request: Request) => Promise<number>

type Opened = readonly [Send, close?: () => Promise<void>]

/** Adapters with a `transaction` option that passes the path of the framework's request to `within`. */
const HOSTS: Readonly<Record<string, (receiver: Receiver, within: Within) => Promise<Opened>>> = {
  express: (receiver, within) =>
    listening(
      express().use(
        onExpress(receiver, { transaction: (accept, request) => within(accept, request.path) }),
      ),
    ),
  koa: (receiver, within) => {
    const app = new Koa().use(
      onKoa(receiver, { transaction: (accept, context) => within(accept, context.path) }),
    )
    return listening(app.callback())
  },
  async fastify(receiver, within) {
    const app = fastify()
    const transaction = (accept: AcceptWithin, request: { readonly url: string }) =>
      within(accept, request.url)
    await app.register(onFastify(receiver, { path: '/*', transaction }))
    await app.ready()
    return listening(app.server)
  },
  hono: (receiver, within) => {
    const app = new Hono()
    app.all(
      '*',
      onHono(receiver, { transaction: (accept, context) => within(accept, context.req.path) }),
    )
    return listening(createAdaptorServer({ fetch: app.fetch }) as Server)
  },
  async next(receiver, within) {
    const { POST } = onNext(receiver, {
      transaction: (accept, request) => within(accept, new URL(request.url).pathname),
    })
    return [async (request) => (await POST(request, { params: Promise.resolve({}) })).status]
  },
}

test.each(Object.keys(HOSTS))(
  '%s accepts in a transaction of the app, and replies after its end',
  async (name) => {
    const receiver = createReceiver({ provider, inbox: memoryInbox(), log: false })
    receiver.on('thing.*', () => {})
    const ended: string[] = []
    const [send, close] = await HOSTS[name]!(receiver, async (accept, path) => {
      await accept({})
      await new Promise((resolve) => setImmediate(resolve))
      ended.push(path)
      if (path === '/rolled-back') throw new Error('ROLLBACK')
    })
    try {
      expect(await send(await signed('/committed'))).toBe(200)
      expect(ended).toEqual(['/committed'])
      expect(await send(await signed('/rolled-back'))).toBe(503)
      expect(ended).toEqual(['/committed', '/rolled-back'])
    } finally {
      await close?.()
      await receiver.close()
    }
  },
)

async function signed(path: string): Promise<Request> {
  const { headers, body } = provider.sign!({ id: path, topic: 'thing.happened', payload: {} })
  const init = {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
  }
  return new Request(`http://localhost${path}`, init)
}

async function listening(app: Parameters<typeof listen>[0]): Promise<Opened> {
  const { url, close } = await listen(app)
  const send: Send = async (request) => {
    const { headers } = request
    const body = await request.arrayBuffer()
    const to = new URL(new URL(request.url).pathname, url)
    return (await fetch(to, { method: 'POST', headers, body })).status
  }
  return [send, close]
}
