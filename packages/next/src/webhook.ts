import type { Json, Receiver } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { checkMounting, toPublicUrl, urlJoiner } from '@postern/core/internal'

/** Members of a receiver that adapters use. */
export type Mountable = Pick<Receiver, 'fetch'>

/** Parameters of a dynamic route, by name. */
export type RouteParams = Readonly<Record<string, string | readonly string[] | undefined>>

/** Route handler of the App Router. */
export type RouteHandler = (
  request: Request,
  route: { readonly params: Promise<RouteParams> },
) => Promise<Response>

/** Handlers for all methods of a route. */
export type RouteHandlers = Readonly<
  Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS', RouteHandler>
>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /**
   * Function `after` of Next.js. Some platforms freeze the serverless function after the reply; `after` keeps it alive
   * for first attempts. Later attempts need a worker or the next delivery. @default the platform decides
   */
  readonly after?: (task: Promise<unknown>) => void
  /** Small JSON value that is stored with each event (`event.context`) and passed to functions that look up secrets. */
  readonly context?: (request: Request, params: RouteParams) => Json | undefined
  /**
   * Accepts events in a transaction of your app. Start a transaction, await `accept(inTransaction(…))` in it, then
   * commit. This function is called only for verified deliveries, and the reply waits for its promise. If the promise
   * rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, request: Request) => Promise<unknown>
  /**
   * Scheme, host and optional path prefix that senders use, such as `https://example.com/api`, for senders that sign
   * the URL. Next.js rewrites query strings (`%7e` as `%7E`, `flag` as `flag=`), so use only plain characters in the
   * query of a signed URL. @default `Host`, and the scheme that Next.js sees
   */
  readonly publicBase?: string
}

/**
 * Creates the handlers of an App Router route, to export by name. A method that the sender does not use gets 405, so
 * you may export all of them.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * import { after } from 'next/server'
 * export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })
 */
export function webhook(receiver: Mountable, options: WebhookOptions = {}): RouteHandlers {
  checkMounting(receiver, options, ['after', 'context', 'transaction', 'publicBase'])
  const { after, context, publicBase, transaction } = options
  const urlOf = publicBase === undefined ? addressedUrl() : rebased(toPublicUrl(publicBase))

  const handle: RouteHandler = async function posternWebhook(request, route) {
    const params = context && (await route.params)
    return receiver.fetch(request, {
      url: urlOf,
      ...(transaction && { transaction: (accept) => transaction(accept, request) }),
      ...(after && { waitUntil: after }),
      ...(params && { context: () => context(request, params) }),
    })
  }
  return {
    GET: handle,
    HEAD: handle,
    POST: handle,
    PUT: handle,
    PATCH: handle,
    DELETE: handle,
    OPTIONS: handle,
  }
}

function rebased(rebase: (target: string) => string): (request: Request) => string {
  return (request) => rebase(request.url)
}

/**
 * Creates a function that returns the URL that the client used. Next.js puts its own host name into `request.url`
 * (`localhost`, `0.0.0.0`), which no sender has signed, so `Host` replaces it. The function throws `malformed_url` if
 * `Host` is invalid.
 */
function addressedUrl(): (request: Request) => string {
  const join = urlJoiner()
  return ({ url, headers }) => {
    const host = headers.get('host')
    return host === null ? url : join(url.slice(0, url.indexOf('://')), host, url)
  }
}
