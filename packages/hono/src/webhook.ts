import type { IncomingMessage } from 'node:http'
import {
  type Admission,
  toWebhookError,
  checkMounting,
  toPublicUrl,
  readBounded,
} from '@postern/core/internal'
import { type Json, type Receiver, WebhookError } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { createBodyReader, NodeHeaders } from '@postern/node'
import type { Context, HonoRequest } from 'hono'

/** Members of a receiver that adapters use. */
export type Mountable = Pick<Receiver, 'admit' | 'limits' | 'reject' | 'fetch'>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** Small JSON value that is stored with each event (`event.context`) and passed to functions that look up secrets. */
  readonly context?: (context: Context) => Json | undefined
  /**
   * Accepts events in a transaction of your app. Start a transaction, await `accept(inTransaction(…))` in it, then
   * commit. This function is called only for verified deliveries, and the reply waits for its promise. If the promise
   * rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, context: Context) => Promise<unknown>
  /**
   * Scheme, host and optional path prefix that senders use, such as `https://example.com/api`, for senders that sign
   * the URL. @default the URL of the request
   */
  readonly publicBase?: string
}

/**
 * Creates a handler for Hono on any runtime. If the runtime has `waitUntil`, tasks that run after the response are kept
 * alive. A body that other code read through `c.req` is recovered; a body read through `c.req.raw` is rejected.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * app.all('/webhooks/slack', webhook(receiver))
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions = {},
): (context: Context) => Promise<Response> {
  checkMounting(receiver, options, ['context', 'transaction', 'publicBase'])
  const { context: contextOf, publicBase, transaction } = options
  const rebase = publicBase === undefined ? undefined : toPublicUrl(publicBase)
  const { limits } = receiver
  const read = createBodyReader(limits.bodyTimeout)
  let withoutExecution = false

  return async function posternWebhook(context) {
    const request = context.req.raw
    const url = rebase?.(request.url) ?? request.url
    const incoming = request.bodyUsed ? undefined : readable(context)
    const execution = incoming && withoutExecution ? undefined : executionOf(context)
    // Remembers that this server has no ExecutionContext, as on Node. Each read of a missing context throws, which is
    // slow.
    if (incoming && !execution) withoutExecution = true
    const headers = incoming && new NodeHeaders(incoming)
    let body: Uint8Array | undefined
    let admission: Admission | undefined
    try {
      if (headers) admission = receiver.admit({ method: request.method, url, headers })
      if (request.bodyUsed) body = await recoverBody(context.req)
      else if (incoming) body = await read(incoming, admission!)
    } catch (error) {
      admission?.release()
      return reject(
        { method: request.method, url, ...(headers && { headers }) },
        toWebhookError(error),
      )
    }
    return receiver.fetch(request, {
      url,
      ...(body && { body }),
      ...(headers && { headers, admission }),
      ...(transaction && { transaction: (accept) => transaction(accept, context) }),
      ...(contextOf && { context: () => contextOf(context) }),
      ...(execution && { waitUntil: (task: Promise<unknown>) => execution.waitUntil(task) }),
    })
  }

  // Returns the node:http message if the length of its body is known and within the limit. Other bodies are read
  // through Hono's own request.
  function readable(context: Context): IncomingMessage | undefined {
    const incoming = incomingOf(context)
    const length = Number(incoming?.headers['content-length'] ?? NaN)
    return length <= limits.body ? incoming : undefined
  }

  function reject(request: Parameters<Mountable['reject']>[0], error: WebhookError): Response {
    const { status, headers, body } = receiver.reject(request, error)
    return new Response(body as BodyInit, { status, headers: { ...headers } })
  }
}

function executionOf(context: Context): Context['executionCtx'] | undefined {
  const { stackTraceLimit } = Error
  try {
    // Runtimes without an ExecutionContext throw here. Capturing the error's stack would cost more than the rest of the
    // adapter.
    Reflect.set(Error, 'stackTraceLimit', 0)
    return context.executionCtx
  } catch {
    return undefined
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

/**
 * Returns the node:http message behind a request, because reading this message directly saves a third of the time. The
 * request must be the light object of @hono/node-server. Returns undefined on other servers, or if middleware has
 * replaced the light object by a full `Request`.
 */
function incomingOf({ env, req }: Context): IncomingMessage | undefined {
  const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage }
  if (incoming === undefined || incoming.readableDidRead !== false) return undefined
  const request = req.raw as unknown as Readonly<Record<symbol, unknown>>
  let made = false
  // A light request has only members with symbol keys: the message, strings and headers.
  for (const key of Object.getOwnPropertySymbols(request)) {
    const value = request[key]
    if (value === incoming) made = true
    else if (typeof value === 'object' && !(value instanceof Headers)) return undefined
  }
  return made ? incoming : undefined
}

/**
 * Returns the body that Hono has cached. Rejects with `body_altered` if the cached text may differ from the sent bytes,
 * and with `body_consumed` if no body is cached.
 */
async function recoverBody(request: HonoRequest): Promise<Uint8Array> {
  // A cast, because Hono's type does not say that the cached values are promises.
  const { arrayBuffer, blob, text } = request.bodyCache as unknown as Kept
  if (arrayBuffer !== undefined) return new Uint8Array(await arrayBuffer)
  if (blob !== undefined) {
    const { size } = await blob
    return readBounded((await blob).stream(), size)
  }
  if (text !== undefined) return exactText(request, await text)
  if (request.header('content-length') === '0') return new Uint8Array(0)
  throw new WebhookError('body_consumed', {
    problem: 'consumed',
    remedy:
      'mount the webhook route before the middleware that reads c.req.raw or a form, or let it read c.req.arrayBuffer(), which is kept',
  })
}

interface Kept {
  readonly arrayBuffer?: Promise<ArrayBuffer>
  readonly blob?: Promise<Blob>
  readonly text?: Promise<string>
}

// Hono decodes JSON and text as UTF-8, which drops a byte order mark and invalid UTF-8. A length other than
// content-length shows such a loss.
function exactText(request: HonoRequest, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const length = request.header('content-length')
  if (
    length !== undefined &&
    Number(length) === bytes.byteLength &&
    request.header('content-encoding') === undefined
  )
    return bytes
  throw new WebhookError('body_altered', {
    problem: 'lossy',
    got: `c.req.text() or c.req.json() made a string of ${bytes.byteLength} bytes`,
    ...(length !== undefined && { expected: length }),
    remedy: 'mount the webhook route before it, or read c.req.arrayBuffer()',
  })
}
