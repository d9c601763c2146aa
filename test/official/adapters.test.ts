import { createServer } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Receiver } from '@postern/core'
import { webhook as onExpress } from '@postern/express'
import { webhook as onFastify } from '@postern/fastify'
import { webhook as onHono } from '@postern/hono'
import { webhook as onKoa } from '@postern/koa'
import { webhook as onNode } from '@postern/node'
import { listen, type Mounted } from '@postern/testing'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import mount from 'koa-mount'
import { describe, expect, test } from 'vitest'
import { send } from '../examples/example.ts'
import { officialReceivers } from './receivers.ts'
import { officialDeliveries } from './signers.ts'

type Receivers = ReadonlyMap<string, Receiver>

const hosts: Readonly<Record<string, (receivers: Receivers) => Promise<Mounted>>> = {
  node: (receivers) => {
    const listeners = new Map(
      [...receivers].map(([name, receiver]) => [`/${name}`, onNode(receiver)]),
    )
    return listen(
      createServer((request, response) => listeners.get(request.url!)!(request, response)),
    )
  },
  express: (receivers) => {
    const app = express()
    for (const [name, receiver] of receivers) app.all(`/${name}`, onExpress(receiver))
    return listen(app)
  },
  koa: (receivers) => {
    const app = new Koa()
    for (const [name, receiver] of receivers) app.use(mount(`/${name}`, onKoa(receiver)))
    return listen(app.callback())
  },
  fastify: async (receivers) => {
    const app = fastify()
    for (const [name, receiver] of receivers)
      app.register(onFastify(receiver, { path: `/${name}` }))
    await app.ready()
    return listen(app.server)
  },
  hono: (receivers) => {
    const app = new Hono()
    for (const [name, receiver] of receivers) app.all(`/${name}`, onHono(receiver))
    return listen(createAdaptorServer({ fetch: app.fetch }) as Parameters<typeof listen>[0])
  },
}

describe.each(Object.entries(hosts))('on %s', (_, start) => {
  test('what official packages sign is taken and handled, and with a byte changed rejected', async () => {
    const official = officialReceivers()
    const { url, close } = await start(official.receivers)
    try {
      const deliveries = await officialDeliveries((provider) => `${url}${provider}`)
      for (const { signer, request } of deliveries) {
        const changed = Uint8Array.from(request.body)
        changed[changed.length - 3]! ^= 1
        expect((await send({ ...request, body: changed })).status, `${signer}, changed`).toBe(401)
        expect((await send(request)).status, signer).toBe(200)
      }
      const wanted = deliveries.map(
        ({ provider, event }) => `${provider} ${event.topic} ${event.id}`,
      )
      expect([...(await official.handled(wanted.length))].sort()).toEqual(wanted.sort())
    } finally {
      await close()
    }
  })
})
