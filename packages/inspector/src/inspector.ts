import { assets } from './assets.ts'
import { createEntryGate, type Visitor, rejectionReply } from './gate/gate.ts'
import { checkInspector, givenInbox, type InspectorOptions } from './options.ts'
import { pagePlaceOf, type PagePlace } from './page-place.ts'
import { HEADERS } from './policy.ts'
import { problemReply } from './replies.ts'
import { createApi } from './routes/api.ts'
import { isForeign, type InspectorReply, type InspectorRequest } from './request.ts'

/**
 * Answers a request to the inspector. Resolves with undefined if `auth` has already replied. Rejects only if a function
 * of the app throws, such as an `auth` that redirects by throwing.
 */
export type Inspector<Own extends readonly unknown[] = readonly unknown[]> = (
  request: InspectorRequest<Own>,
) => Promise<InspectorReply | Response | undefined>

/**
 * Makes the inspector for any framework: a function from a request to a reply. Common frameworks have their own module,
 * such as `@postern/inspector/express`. Throws a `TypeError` that names the option that is wrong or missing.
 *
 * @example
 * const inspect = createInspector({ inbox, receivers: [github], auth: { token: process.env.POSTERN_TOKEN! } })
 */
export function createInspector<Own extends readonly unknown[] = readonly unknown[]>(
  options: InspectorOptions<Own>,
): Inspector<Own> {
  checkInspector(options)
  const inbox = givenInbox(options)
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

/** Adds the headers that every reply of the inspector has. Does not change a `Response` of the app. */
function secured(reply: InspectorReply | Response): InspectorReply | Response {
  return reply instanceof Response || 'arrayBuffer' in reply
    ? reply
    : { ...reply, headers: { ...HEADERS, ...reply.headers } }
}
