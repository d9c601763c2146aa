import {
  checkJson,
  toWebhookError,
  checkMounting,
  handlerMade,
  toPublicUrl,
  urlJoiner,
} from '@postern/core/internal'
import { type Json, type Receiver, WebhookError, type Reply } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import type {
  Context,
  ALBEvent,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  ALBResult,
  APIGatewayProxyResult,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda'
import { remedyOf } from './run-due.ts'
import { STATUS_CODES } from 'node:http'

/** The members of a receiver that the handler uses, for any type of event. */
export type Mountable = Pick<Receiver, 'receive' | 'reject'>

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
 * `binaryMediaTypes` for bodies that are not UTF-8, and a body that it changed is rejected as `body_altered`. Give the receiver
 * `worker: 'onDemand'` and a schedule with {@link runDue}, or `inlineInbox`: nothing runs after the reply. Throws a `TypeError`
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
    // For the rejection of a URL that cannot be read.
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
      return replyTo(event, receiver.reject({ method, url }, toWebhookError(error)), method)
    }
  }
}

/**
 * The bytes of the wire. Rejects with `body_altered` if the origin turned bytes into text that has another length than
 * `Content-Length`.
 */
function bodyOf({ body, isBase64Encoded }: HttpEvent, headers: HttpRequest['headers']): Uint8Array {
  if (isBase64Encoded) return Buffer.from(body ?? '', 'base64')
  const bytes = Buffer.from(body ?? '')
  const length = valueOf(headers, 'content-length')
  if (length === undefined || Number(length) === bytes.byteLength) return bytes
  throw new WebhookError('body_altered', {
    problem: 'lossy',
    got: `the event has a text of ${bytes.byteLength} bytes`,
    expected: length,
    remedy: 'set binaryMediaTypes of the REST API to */*, so that bodies come as base64',
  })
}

/** The reply as the origin of the request wants it. */
function replyTo(event: HttpEvent, reply: Reply, method: string): HttpResult {
  const { status, headers = {}, body } = reply
  const isText = typeof body === 'string' || body === undefined
  const result = {
    statusCode: status,
    isBase64Encoded: !isText,
    body: method === 'HEAD' ? '' : isText ? (body ?? '') : Buffer.from(body).toString('base64'),
  }
  // One that sends headers with several values reads no others.
  if (!isV2(event) && event.multiValueHeaders) {
    const multiValueHeaders = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    )
    return { ...result, ...descriptionOf(event, status), multiValueHeaders } as HttpResult
  }
  return { ...result, ...descriptionOf(event, status), headers: { ...headers } } as HttpResult
}

function descriptionOf(event: HttpEvent, status: number): { readonly statusDescription?: string } {
  return isAlb(event)
    ? { statusDescription: `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd() }
    : {}
}

/** A request in one form, whichever of the three events it came in. */
interface HttpRequest {
  readonly method: string
  /** Path and query as the sender wrote them, as far as the origin tells. */
  readonly target: string
  readonly host: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

type Record1 = Readonly<Record<string, string | undefined>>
type RecordN = Readonly<Record<string, readonly string[] | undefined>>

/** True for a function URL or an HTTP API. */
function isV2(event: HttpEvent): event is APIGatewayProxyEventV2 {
  return 'version' in event && event.version === '2.0'
}

/** True for a load balancer. */
function isAlb(event: HttpEvent): event is ALBEvent {
  return 'requestContext' in event && 'elb' in event.requestContext
}

/** Reads method, target and headers. Throws a `TypeError` for an event that is no HTTP request. */
function httpRequestOf(event: HttpEvent): HttpRequest {
  if (typeof event?.requestContext !== 'object')
    throw new TypeError(
      'webhook: the event is not an HTTP request of API Gateway, a function URL or a load balancer; for other events use sqs(), sns() or eventBridge()',
    )
  if (isV2(event)) return v2(event)
  const headers = linesOf(event.headers, event.multiValueHeaders)
  const path = isAlb(event) ? event.path : restPath(event)
  return {
    method: event.httpMethod,
    target: path + queryOf(event),
    host: valueOf(headers, 'host') ?? domainOf(event) ?? 'localhost',
    headers,
  }
}

function v2(event: APIGatewayProxyEventV2): HttpRequest {
  const { rawPath, rawQueryString, requestContext, cookies } = event
  const headers = [...linesOf(event.headers, undefined)]
  if (cookies) headers.push(['cookie', cookies.join('; ')])
  return {
    method: requestContext.http.method,
    target: rawPath + (rawQueryString ? `?${rawQueryString}` : ''),
    host: valueOf(headers, 'host') ?? requestContext.domainName ?? 'localhost',
    headers,
  }
}

// `path` has no stage; the one of the context is what the sender addressed.
function restPath({ path, requestContext }: APIGatewayProxyEvent): string {
  return requestContext.path ?? path
}

function domainOf({ requestContext }: APIGatewayProxyEvent | ALBEvent): string | undefined {
  return 'domainName' in requestContext ? requestContext.domainName : undefined
}

/** A load balancer passes the query on as it came, a REST API decodes it: that one is encoded as a form is. */
function queryOf(event: APIGatewayProxyEvent | ALBEvent): string {
  const pairs = pairsOf(event.queryStringParameters, event.multiValueQueryStringParameters)
  if (pairs.length === 0) return ''
  const query = isAlb(event)
    ? pairs.map(([name, value]) => `${name}=${value}`).join('&')
    : new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString()
  return `?${query}`
}

function linesOf(
  single: Record1 | null | undefined,
  multi: RecordN | null | undefined,
): readonly (readonly [string, string])[] {
  return pairsOf(single, multi).map(([name, value]) => [name.toLowerCase(), value] as const)
}

function pairsOf(
  single: Record1 | null | undefined,
  multi: RecordN | null | undefined,
): readonly (readonly [string, string])[] {
  const source: Readonly<Record<string, string | readonly string[] | undefined>> =
    multi ?? single ?? {}
  return Object.entries(source).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => [name, one] as const),
  )
}

/** The first value of a header, whose name is in lower case. */
function valueOf(headers: HttpRequest['headers'], name: string): string | undefined {
  return headers.find(([known]) => known === name)?.[1]
}

/** An HTTP request as Lambda gets it: of a function URL or an HTTP API, of a REST API, or of a load balancer. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent | ALBEvent

/** The reply in the form of the request's origin. */
export type HttpResult = APIGatewayProxyStructuredResultV2 & APIGatewayProxyResult & ALBResult
