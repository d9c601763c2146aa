import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/**
 * The message of node:http behind a request of @hono/node-server, if no full Request was made of it yet: reading the
 * message directly costs a third. Undefined on other hosts, and if a middleware has replaced the request or made a full
 * one, which reads the message by itself.
 */
export function incomingOf({ env, req }: Context): IncomingMessage | undefined {
  const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage }
  if (incoming === undefined || incoming.readableDidRead !== false) return undefined
  const request = req.raw as unknown as Readonly<Record<symbol, unknown>>
  let made = false
  // A light request holds only symbol members: the message, strings and headers.
  for (const key of Object.getOwnPropertySymbols(request)) {
    const value = request[key]
    if (value === incoming) made = true
    else if (typeof value === 'object' && !(value instanceof Headers)) return undefined
  }
  return made ? incoming : undefined
}
