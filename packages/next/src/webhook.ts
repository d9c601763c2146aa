import type { Json, Receiver } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { checkMounting, toPublicUrl, urlJoiner } from '@postern/core/internal'

/** The members of a receiver that adapters use, for any type of event. */
export type Mountable = Pick<Receiver, 'fetch'>

/** The parameters of a dynamic route, by name. */
export type RouteParams = Readonly<Record<string, string | readonly string[] | undefined>>

/** A route handler of the App Router. */
export type RouteHandler = (
  request: Request,
  route: { readonly params: Promise<RouteParams> },
) => Promise<Response>

/** A handler for each method a route can have. */
export type RouteHandlers = Readonly<
  Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS', RouteHandler>
>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /**
   * The function `after` of Next.js: keeps the function alive for the first attempts on platforms that freeze it after the
   * reply. Later attempts need a worker or the next delivery. @default the platform decides
   */
  readonly after?: (task: Promise<unknown>) => void
  /** A small JSON value kept with the events (`event.context`) and offered to functions that look secrets up. */
  readonly context?: (request: Request, params: RouteParams) => Json | undefined
  /**
   * Accepts in a transaction of the app: opens it, awaits `accept(inTransaction(…))` in it, and ends it. It is called for
   * verified deliveries alone, and the reply waits for it: if it rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, request: Request) => Promise<unknown>
  /**
   * Scheme, host and, if a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * for senders that sign the URL. Next.js rewrites query strings (`%7e` as `%7E`, `flag` as `flag=`), so keep those of
   * signed URLs plain. @default `Host`, and the scheme Next.js sees
   */
  readonly publicBase?: string
}

/**
 * Makes the handlers of a route of the App Router, to be exported by name. Methods that the sender does not use get 405,
 * so exporting more of them does no harm. Throws a `TypeError` if an option is wrong.
 *
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
 * Makes the function that returns the URL a request was sent to. Next.js puts the name it was started with into `request.url`
 * (`localhost`, `0.0.0.0`), which no sender has signed; `Host` is the name that the client used. It throws `malformed_url`
 * if that is not a host.
 */
function addressedUrl(): (request: Request) => string {
  const join = urlJoiner()
  return ({ url, headers }) => {
    const host = headers.get('host')
    return host === null ? url : join(url.slice(0, url.indexOf('://')), host, url)
  }
}
