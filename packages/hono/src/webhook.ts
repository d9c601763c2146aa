import type { IncomingMessage } from 'node:http'
import {
  type Admission,
  type Json,
  type Receiver,
  toWebhookError,
  type WebhookError,
} from '@postern/core'
import type { AcceptWithin } from '@postern/core/inbox'
import { checkMounting, toPublicUrl } from '@postern/core/scheme'
import { createBodyReader, NodeHeaders } from '@postern/node'
import type { Context } from 'hono'
import { incomingOf } from './incoming.ts'
import { recoverBody } from './recover-body.ts'

/** The members of a receiver that adapters use, for any type of event. */
export type Mountable = Pick<Receiver, 'admit' | 'limits' | 'refuse' | 'fetch'>

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
 * through `c.req.raw` is refused. Throws a `TypeError` if an option is wrong.
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
  const read = createBodyReader(limits.time)
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
      return refuse(
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

  function refuse(request: Parameters<Mountable['refuse']>[0], error: WebhookError): Response {
    const { status, headers, body } = receiver.refuse(request, error)
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
