import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { listenOn } from '../../services/temporary.ts'
import type { Sender } from '../deliveries.ts'

/** Server that receives webhooks on a free port of 127.0.0.1. */
export interface Subject {
  /** Provider whose deliveries the server verifies. */
  readonly sender: Sender
  /** @default '/hook' */
  readonly path?: string
  /** Starts the server and resolves with its port. */
  start(): Promise<number>
}

/**
 * Starts a server with this listener and resolves with its port. If the listener rejects, the process ends, and so does
 * the measurement.
 */
export function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<number> {
  return listenOn(createServer((request, response) => void listener(request, response)))
}
