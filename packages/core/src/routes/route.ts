import { toResponse } from '../receive/reply/response.ts'
import type { Reply } from '../receive/reply/reply.ts'

/** The parts of a request that a route reads, on any host. */
export interface RouteRequest {
  readonly method: string
  readonly url: string
  /** The `authorization` header. */
  readonly authorization: string | undefined
}

/** A route that any host can mount: the adapters of node:http call it, and `toFetch` makes a fetch handler of it. */
export type Route = (request: RouteRequest) => Promise<Reply>

/**
 * The route as a fetch handler, for Bun, Deno, Workers and others. It rejects if the route does.
 *
 * @example
 * Deno.serve(toFetch(healthRoute([receiver])))
 */
export function toFetch(route: Route): (request: Request) => Promise<Response> {
  return async (request) =>
    toResponse(
      await route({
        method: request.method,
        url: request.url,
        authorization: request.headers.get('authorization') ?? undefined,
      }),
      request.method,
    )
}

/** A reply that no cache keeps. */
export function privateReply(status: number, body: unknown, headers?: Reply['headers']): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}
