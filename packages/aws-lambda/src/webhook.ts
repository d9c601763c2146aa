import { checkJson, toWebhookError, type Json, type Receiver } from '@postern/core'
import type { AcceptWithin } from '@postern/core/inbox'
import { checkMounting, handlerMade, toPublicUrl, urlJoiner } from '@postern/core/scheme'
import type { Context } from 'aws-lambda'
import { bodyOf } from './body.ts'
import type { HttpEvent, HttpResult } from './http-event.ts'
import { remedyOf } from './remedy.ts'
import { replyTo } from './reply.ts'
import { httpRequestOf } from './request.ts'

/** The members of a receiver that the handler uses, for any type of event. */
export type Mountable = Pick<Receiver, 'receive' | 'refuse'>

/** The part of Lambda's context that the handler uses. */
export type HttpContext = Pick<Context, 'callbackWaitsForEmptyEventLoop'>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** A small JSON value kept with the events (`event.context`) and offered to functions that look secrets up. */
  readonly context?: (event: HttpEvent) => Json | undefined
  /**
   * Accepts in a transaction of the app: opens it, awaits `accept(inTransaction(…))` in it, and ends it. It is called for
   * verified deliveries alone, and the reply waits for it: if it rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, event: HttpEvent) => Promise<unknown>
  /**
   * Scheme, host and, if a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * for senders that sign the URL. A REST API decodes the query string, and it is encoded again here: use only plain characters in the query of a signed URL.
   * @default `https`, the `Host` of the request and its path with the stage
   */
  readonly publicBase?: string
}

/**
 * Makes a Lambda handler for function URLs, API Gateway (HTTP and REST APIs) and application load balancers, which hands
 * each request to the receiver. A body in base64 is decoded, so that the exact bytes are verified; a REST API needs
 * `binaryMediaTypes` for bodies that are no UTF-8, and a body that it changed is refused as `body_lossy`. Give the receiver
 * `work: 'drain'` and a schedule with {@link drain}, or `inlineInbox`: nothing runs after the reply. Throws a `TypeError`
 * if an option is wrong.
 *
 * Sources: the AWS Lambda documentation, "Payload format versions", and of Elastic Load Balancing, "Lambda functions as
 * targets".
 *
 * @example
 * export const handler = webhook(receiver)
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions = {},
): (event: HttpEvent, context?: HttpContext) => Promise<HttpResult> {
  checkMounting(receiver, options, ['context', 'transaction', 'publicBase'])
  const { context: contextOf, transaction, publicBase } = options
  const rebase = publicBase === undefined ? undefined : toPublicUrl(publicBase)

  const join = urlJoiner()
  const called = handlerMade(receiver, remedyOf('webhook'))

  return async function posternWebhook(event, lambda) {
    called()
    // Else the connections of an inbox would hold the reply back until the function's time is over.
    if (lambda) lambda.callbackWaitsForEmptyEventLoop = false
    const request = httpRequestOf(event)
    const { method, headers } = request
    // For the refusal of a URL that cannot be read.
    let url = join('https', 'localhost', request.target)
    try {
      url = rebase?.(request.target) ?? join('https', request.host, request.target)
      const context = contextOf && checkJson(contextOf(event), 'context')
      const delivery = { method, url, headers, body: bodyOf(event, headers) }
      const reply = await receiver.receive(
        context === undefined ? delivery : { ...delivery, context },
        transaction ? { transaction: (accept) => transaction(accept, event) } : {},
      )
      return replyTo(event, reply, method)
    } catch (error) {
      return replyTo(event, receiver.refuse({ method, url }, toWebhookError(error)), method)
    }
  }
}
