import { checkObject } from '@postern/core/internal'
import type { IncomingMessage, ServerResponse } from 'node:http'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * Creates a listener for node:http that serves webhook routes before a framework's own handler. If the path of a
 * request is exactly a key of `routes`, the request goes to the listener of this key. All others go to `rest`. If a
 * path differs from a key only by a final slash, a warning is emitted once. Use this function for SvelteKit and Astro,
 * which answer posts of forms and text with 403 before any route runs. Their check stays on for all other paths.
 *
 * @throws {TypeError} if a path or listener is wrong.
 * @example
 * import { handler } from './build/handler.js' // of SvelteKit's adapter-node
 * createServer(inFront({ '/webhooks/twilio': webhook(receiver) }, handler)).listen(3000)
 */
export function inFront(routes: Readonly<Record<string, Listener>>, rest: Listener): Listener {
  checkObject('inFront: routes', routes)
  const known = new Map(Object.entries(routes))
  for (const [path, listener] of known) {
    if (!path.startsWith('/') || /[?#]/.test(path))
      throw new TypeError(`inFront: a route must be a path such as /webhooks/github, got ${path}`)
    if (typeof listener !== 'function')
      throw new TypeError(`inFront: ${path} needs a listener, such as webhook(receiver)`)
  }
  if (typeof rest !== 'function')
    throw new TypeError(
      "inFront: the second argument must be the framework's handler for node:http",
    )
  const told = new Set<string>()
  return (request, response) => {
    const [path] = (request.url ?? '/').split('?', 1)
    const listener = known.get(path!)
    if (listener) return listener(request, response)
    const meant = path!.endsWith('/') ? path!.slice(0, -1) : `${path}/`
    if (known.has(meant) && !told.has(meant)) {
      told.add(meant)
      process.emitWarning(
        `inFront: ${request.method} came to ${path}, but the webhook is at ${meant}; the framework answered this request. Change the URL at the sender to ${meant}`,
        'PosternWarning',
      )
    }
    return rest(request, response)
  }
}
