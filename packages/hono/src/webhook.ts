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

/** The members of a receiver that adapters use, for any type of event. */
export type Mountable = Pick<Receiver, 'admit' | 'limits' | 'reject' | 'fetch'>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** A small JSON value kept with the events (`event.context`) and offered to functions that look secrets up. */
  readonly context?: (context: Context) => Json | undefined
  /**
   * Accepts in a transaction of the app: opens it, awaits `accept(inTransaction(…))` in it, and ends it. It is called for
   * verified deliveries alone, and the reply waits for it: if it rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, context: Context) => Promise<unknown>
  /**
   * Scheme, host and, if a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * for senders that sign the URL. @default the URL of the request
   */
  readonly publicBase?: string
}

/**
 * Makes a handler for Hono on any of its runtimes. Handlers that run after the response are kept alive with the
 * `waitUntil` of the runtime if it has one. A body that was read before through `c.req` is found again; one read
 * through `c.req.raw` is rejected. Throws a `TypeError` if an option is wrong.
 *
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
    // Asked once: a Node server has no ExecutionContext for any request, and asking is slow.
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

  // An unread or chunked body is left to the host, which ends the connection itself.
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
    // Runtimes without it throw; capturing the stack would cost more than the rest of the adapter.
    Reflect.set(Error, 'stackTraceLimit', 0)
    return context.executionCtx
  } catch {
    return undefined
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

/**
 * The message of node:http behind a request of @hono/node-server, if no full Request was made of it yet: reading the
 * message directly costs a third. Undefined on other hosts, and if a middleware has replaced the request or made a full
 * one, which reads the message by itself.
 */
function incomingOf({ env, req }: Context): IncomingMessage | undefined {
  const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage }
  if (incoming === undefined || incoming.readableDidRead !== false) return undefined
  const request = req.raw as unknown as Readonly<Record<symbol, unknown>>
  let made = false
  // A light request holds only symbol members: the message, strings and headers.
  for (const key of Object.getOwnPropertySymbols(request)) {
    const value = request[key]
    if (value === incoming) made = true
    else if (typeof value === 'object' && !(value instanceof Headers)) return undefined
  }
  return made ? incoming : undefined
}

/**
 * The exact bytes of a body that was read through `c.req`, which caches its result. Rejects with `body_altered` if the
 * cached string may differ from the sent bytes, and with `body_consumed` if nothing is cached.
 */
async function recoverBody(request: HonoRequest): Promise<Uint8Array> {
  // These are promises, which the type omits.
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

// Hono decodes JSON and text as UTF-8, which loses a byte order mark and invalid UTF-8: the length shows it.
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
