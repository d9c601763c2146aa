import type { Reply } from './reply.ts'

/** A reply as a Response; the body is left out if HTTP allows none. */
export function toResponse(reply: Reply, method: string): Response {
  const empty = method === 'HEAD' || reply.status === 204 || reply.status === 304
  return new Response(empty ? null : ((reply.body ?? null) as BodyInit | null), {
    status: reply.status,
    headers: { ...reply.headers },
  })
}
