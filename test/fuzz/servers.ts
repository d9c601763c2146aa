import { createServer, type Server } from 'node:http'
import type { Receiver } from '@postern/core'
import { webhook as expressWebhook } from '@postern/express'
import { webhook as fastifyWebhook } from '@postern/fastify'
import { webhook as nodeWebhook } from '@postern/node'
import express from 'express'
import { fastify } from 'fastify'

/** The servers that get raw requests, each with a receiver at every path. */
export const SERVERS: Readonly<Record<string, (receiver: Receiver) => Server | Promise<Server>>> = {
  'node:http': (receiver) => createServer(nodeWebhook(receiver)),
  express: (receiver) => createServer(express().use(expressWebhook(receiver))),
  async fastify(receiver) {
    const app = fastify()
    await app.register(fastifyWebhook(receiver, { path: '/*' }))
    await app.ready()
    return app.server
  },
}
