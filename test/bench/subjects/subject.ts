import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { listenOn } from '../../services/temporary.ts'
import type { Sender } from '../deliveries.ts'

/** A server that takes webhooks on a free port of 127.0.0.1. */
export interface Subject {
  /** Whose deliveries it verifies. */
  readonly sender: Sender
  /** @default '/hook' */
  readonly path?: string
  /** Starts it; resolves with its port. */
  start(): Promise<number>
}

/** Serves a listener; resolves with the port. One that rejects ends the process, and with it the measurement. */
export function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<number> {
  return listenOn(createServer((request, response) => void listener(request, response)))
}
