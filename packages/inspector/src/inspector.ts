import { assets } from './assets.ts'
import { createEntryGate, type Visitor, rejectionReply } from './gate/gate.ts'
import { checkInspector, type InspectorOptions } from './options.ts'
import { pagePlaceOf, type PagePlace } from './page-place.ts'
import { HEADERS } from './policy.ts'
import { problemReply } from './replies.ts'
import { once } from './once.ts'
import { createApi } from './routes/api.ts'
import { isForeign, type InspectorReply, type InspectorRequest } from './request.ts'

/**
 * Answers a request to the inspector; undefined if `auth` has answered it by itself. It rejects with what a function of
 * the app throws, as `auth` may redirect by throwing, and never for what the network sent.
 */
export type Inspector<Own extends readonly unknown[] = readonly unknown[]> = (
  request: InspectorRequest<Own>,
) => Promise<InspectorReply | Response | undefined>

/**
 * Makes the inspector for any host: a function from a request to a reply. Hosts have their own entries, such as
 * `@postern/inspector/express`. Throws a `TypeError` that names an option at fault, `auth` above all.
 *
 * @example
 * const inspect = createInspector({ inbox, receivers: [github], auth: { token: process.env.POSTERN_TOKEN! } })
 */
export function createInspector<Own extends readonly unknown[] = readonly unknown[]>(
  options: InspectorOptions<Own>,
): Inspector<Own> {
  checkInspector(options)
  const inbox = once(async () =>
    typeof options.inbox === 'function' ? options.inbox() : options.inbox,
  )
  const gate = createEntryGate(options, inbox)
  const api = createApi(options, inbox)

  return async function inspect(request) {
    const place = pagePlaceOf(request.target, options.name)
    if (isForeign(request, place.route === ''))
      return secured(
        rejectionReply(request, place, {
          status: 403,
          error: 'cross_site',
          title: 'This came from another site',
          message: 'requests from another site are not allowed',
        }),
      )
    const passed = await gate(request, place)
    if (passed === 'answered') return undefined
    if (!('visitor' in passed)) return secured(passed)
    return secured(await answer(request, place, passed.visitor))
  }

  async function answer(
    request: InspectorRequest,
    place: PagePlace,
    visitor: Visitor,
  ): Promise<InspectorReply> {
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (place.route.startsWith('api/'))
      return api(request, place.route.slice('api/'.length), place.query, visitor)
    if (!reads) return problemReply(405, 'method', 'method must be GET')
    switch (place.route) {
      case '':
        return asset(
          'text/html',
          assets.html.replaceAll('{{base}}', () => place.base),
        )
      case 'page.js':
        return asset('text/javascript', assets.script)
      case 'page.css':
        return asset('text/css', assets.style)
      default:
        if (Object.hasOwn(assets.more, place.route))
          return asset('text/javascript', assets.more[place.route]!)
        return problemReply(404, 'not_found', 'nothing is here')
    }
  }
}

function asset(type: string, body: string): InspectorReply {
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body }
}

/** Adds the headers that every reply of the inspector has. A `Response` of the app is returned unchanged. */
function secured(reply: InspectorReply | Response): InspectorReply | Response {
  return reply instanceof Response || 'arrayBuffer' in reply
    ? reply
    : { ...reply, headers: { ...HEADERS, ...reply.headers } }
}
