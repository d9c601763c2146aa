import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sender } from '../deliveries.ts'

/** A server that takes webhooks on a free port of 127.0.0.1. */
export interface Subject {
  /** Whose deliveries it verifies. */
  readonly sender: Sender
  /** The framework below it: subjects of one framework are compared with one another. */
  readonly framework: 'node' | 'express' | 'koa' | 'fastify' | 'hono' | 'next'
  /** @default '/hook' */
  readonly path?: string
  /** Starts it; resolves with its port. */
  start(): Promise<number>
}

/** Serves a listener; resolves with the port. One that rejects ends the process, and with it the measurement. */
export function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<number> {
  const server: Server = createServer((request, response) => void listener(request, response))
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', 512, () => resolve((server.address() as AddressInfo).port))
  })
}
