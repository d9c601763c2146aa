import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/**
 * The message of node:http that @hono/node-server made the request of, if it is still all that the request is made
 * of: then it may be read itself, at a third of the cost. Undefined on other hosts, and if a middleware has put
 * another Request in its place or turned it into a full one, which reads the message in its own time.
 */
export function incomingOf({ env, req }: Context): IncomingMessage | undefined {
  const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage }
  if (incoming === undefined || incoming.readableDidRead !== false) return undefined
  const request = req.raw as unknown as Readonly<Record<symbol, unknown>>
  let made = false
  // What it keeps of its own is named by symbols: the message, texts and headers, until more of it is asked for.
  for (const key of Object.getOwnPropertySymbols(request)) {
    const value = request[key]
    if (value === incoming) made = true
    else if (typeof value === 'object' && !(value instanceof Headers)) return undefined
  }
  return made ? incoming : undefined
}
