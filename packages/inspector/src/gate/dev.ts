import type { InspectorRequest } from '../request.ts'

// A proxy in front writes one of these, and then its peer is somebody else.
const FORWARDING = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'fly-client-ip',
]
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/

/**
 * True if a request without credentials comes from this machine: a socket of the loopback interface, its Host (a page of
 * another name, by DNS rebinding, has another one), and no proxy between. Hosts that hide the socket answer with
 * NODE_ENV=development alone. Next.js sets `x-forwarded-for` and its like itself, so they say nothing there.
 */
export function isDeveloper(request: InspectorRequest): boolean {
  const { header, peer } = request
  if (!LOCAL_HOST.test(header('host') ?? '')) return false
  if (peer === undefined) return process.env['NODE_ENV'] === 'development'
  return LOOPBACK.test(peer) && FORWARDING.every((name) => header(name) === undefined)
}
