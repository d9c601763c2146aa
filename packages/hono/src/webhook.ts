import {
  type Json,
  type Receiver,
  toPublicUrl,
  toWebhookError,
  type WebhookError,
} from '@postern/core'
import type { Context } from 'hono'
import { recoverBody } from './recover-body.ts'

/** What mounting needs of a receiver, whatever its events. */
export type Mountable = Pick<Receiver, 'fetch' | 'refuse'>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** A small JSON value kept with the events (`event.context`) and offered to functions that look secrets up. */
  readonly context?: (context: Context) => Json | undefined
  /**
   * Scheme, host and, where a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * for senders that sign the URL. @default the URL of the request
   */
  readonly publicUrl?: string
}

/**
 * Makes a handler for Hono on any of its runtimes. Handlers that run after the response are kept alive with the
 * `waitUntil` of the runtime where it has one. A body that was read before through `c.req` is found again; one read
 * through `c.req.raw` is refused. Throws a `TypeError` where an option is wrong.
 *
 * @example
 * app.all('/webhooks/slack', webhook(receiver))
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions = {},
): (context: Context) => Promise<Response> {
  const { context: contextOf, publicUrl } = options
  const rebase = publicUrl === undefined ? undefined : toPublicUrl(publicUrl)
  return async function posternWebhook(context) {
    const request = context.req.raw
    const url = rebase?.(request.url) ?? request.url
    const execution = executionOf(context)
    let body: Uint8Array | undefined
    if (request.bodyUsed) {
      try {
        body = await recoverBody(context.req)
      } catch (error) {
        return refuse(request.method, url, toWebhookError(error))
      }
    }
    return receiver.fetch(request, {
      url,
      ...(body && { body }),
      ...(contextOf && { context: () => contextOf(context) }),
      ...(execution && { waitUntil: (task: Promise<unknown>) => execution.waitUntil(task) }),
    })
  }

  function refuse(method: string, url: string, error: WebhookError): Response {
    const { status, headers, body } = receiver.refuse({ method, url }, error)
    return new Response(body as BodyInit, { status, headers: { ...headers } })
  }
}

function executionOf(context: Context): Context['executionCtx'] | undefined {
  try {
    return context.executionCtx
  } catch {
    // Runtimes without one throw.
    return undefined
  }
}
