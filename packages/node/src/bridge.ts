import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AcceptWithin } from '@postern/core/inbox'
import { checkMounting, handlerMade, urlJoiner } from '@postern/core/scheme'
import { type Admission, checkJson, type Json, type Reply, toWebhookError } from '@postern/core'
import type { Mountable } from './mountable.ts'
import { NodeHeaders } from './node-headers.ts'
import { createBodyReader, emptyBody, hasBody } from './read-body.ts'
import { type ParsedRequest, recoverBody } from './recover-body.ts'
import { requestUrl, type UrlOptions } from './request-url.ts'
import { writeReply } from './write-reply.ts'

/** Options of all adapters on node:http. `Subject` is the request object of the framework. */
export interface WebhookOptions<Subject = IncomingMessage> extends UrlOptions {
  /** A small JSON value kept with the events (`event.context`) and offered to functions that look secrets up. */
  readonly context?: (subject: Subject) => Json | undefined
  /**
   * Accepts in a transaction of the app: opens it, awaits `accept(inTransaction(…))` in it, and ends it. It is called for
   * verified deliveries alone, and the reply waits for it: if it rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, subject: Subject) => Promise<unknown>
}

const OPTIONS: readonly (keyof WebhookOptions)[] = [
  'context',
  'transaction',
  'publicBase',
  'trustProxy',
]

/** Facts on the framework of an adapter. */
export interface BridgeHost<Subject> {
  /** The path and query of the request before any router cut its prefix off. */
  readonly target: (subject: Subject) => string
  /** The object on which a body parser leaves its result. */
  readonly parsed: (subject: Subject) => ParsedRequest
  /** Names the code that read the body and the line that fixes it, for observers and logs. */
  readonly remedy: (subject: Subject) => string
}

/** Hands one request of node:http to the receiver and answers it. The promise never rejects. */
export type Bridge<Subject> = (
  request: IncomingMessage,
  response: ServerResponse,
  subject: Subject,
) => Promise<void>

/**
 * The one way from node:http to a receiver, for adapters of frameworks built on it: method, body, URL, `receive`, and
 * the reply, written to the response itself. Every request is answered; nothing that the network sends throws. Throws a
 * `TypeError` if an option is wrong.
 */
export function createBridge<Subject>(
  receiver: Mountable,
  options: WebhookOptions<Subject>,
  host: BridgeHost<Subject>,
): Bridge<Subject> {
  checkMounting(receiver, options, OPTIONS)
  const urlOf = requestUrl(options)
  const join = urlJoiner()
  const read = createBodyReader(receiver.limits.time)
  const { context: contextOf, transaction } = options
  const called = handlerMade(
    receiver,
    'give what webhook(receiver) returns to the route, app.all(path, webhook(receiver)), or call it, webhook(receiver)(request, response)',
  )

  return async function bridge(request, response, subject) {
    called()
    const method = request.method ?? 'GET'
    const target = host.target(subject)
    // For the refusal of a URL that cannot be read.
    let url = join('http', 'localhost', target)
    let reply: Reply
    let admission: Admission | undefined
    const headers = new NodeHeaders(request)
    try {
      url = urlOf(request, target)
      admission = receiver.admit({ method, url, headers })
      const context = contextOf && checkJson(contextOf(subject), 'context')
      const body = bodyAtHand(request, subject) ?? (await read(request, admission))
      reply = await receiver.receive(
        context === undefined
          ? { method, url, headers, body }
          : { method, url, headers, body, context },
        transaction ? { admission, transaction: transactionOf(subject) } : { admission },
      )
    } catch (error) {
      admission?.release()
      reply = receiver.refuse({ method, url, headers }, toWebhookError(error))
    }
    try {
      writeReply(request, response, reply)
    } catch (error) {
      // An answer function returned a header or status that HTTP does not allow.
      writeReply(
        request,
        response,
        receiver.refuse({ method, url }, toWebhookError(error, 'answer_failed')),
      )
    }
  }

  // A function of its own: V8 would make room for what its closure sees at each request.
  function transactionOf(subject: Subject): (accept: AcceptWithin) => Promise<unknown> {
    return (accept) => transaction!(accept, subject)
  }

  function bodyAtHand(request: IncomingMessage, subject: Subject): Uint8Array | undefined {
    const recovered = recoverBody(request, host.parsed(subject), host.remedy, subject)
    return recovered ?? (hasBody(request) ? undefined : emptyBody())
  }
}
