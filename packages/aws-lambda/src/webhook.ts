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

/** Members of a receiver that the handler uses. */
export type Mountable = Pick<Receiver, 'receive' | 'reject'>

/** Part of Lambda's context that the handler uses. */
export type HttpContext = Pick<Context, 'callbackWaitsForEmptyEventLoop'>

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** Small JSON value that is stored with each event (`event.context`) and passed to functions that look up secrets. */
  readonly context?: (event: HttpEvent) => Json | undefined
  /**
   * Accepts events in a transaction of your app. Start a transaction, await `accept(inTransaction(…))` in it, then
   * commit. This function is called only for verified deliveries, and the reply waits for its promise. If the promise
   * rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, event: HttpEvent) => Promise<unknown>
  /**
   * Scheme, host and optional path prefix that senders use, such as `https://example.com/api`, for senders that sign
   * the URL. A REST API decodes the query string, and Postern encodes it again: use only plain characters in the query
   * of a signed URL. @default `https`, the request's `Host` and its path with the stage
   */
  readonly publicBase?: string
}

/**
 * Creates a Lambda handler that passes each request to the receiver. It handles events of function URLs, API Gateway
 * (HTTP and REST APIs) and application load balancers. A base64 body is decoded, so that the exact bytes are verified.
 * A REST API needs `binaryMediaTypes` for bodies that are not UTF-8. A body that the REST API changed is rejected as
 * `body_altered`. Because nothing runs after the reply, use `inlineInbox`, or `worker: 'onDemand'` with {@link runDue}
 * on a schedule. Sources: the AWS Lambda documentation, "Payload format versions", and of Elastic Load Balancing,
 * "Lambda functions as targets".
 *
 * @throws {TypeError} if an option is wrong.
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
    // Without this flag, open connections of an inbox would delay the reply until the function's timeout.
    if (lambda) lambda.callbackWaitsForEmptyEventLoop = false
    const request = httpRequestOf(event)
    const { method, headers } = request
    // If the host of the request is invalid, the rejection uses this URL.
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
 * Throws `body_altered` if the length of the body's text is not `Content-Length`: a REST API has then replaced bytes.
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

function replyTo(event: HttpEvent, reply: Reply, method: string): HttpResult {
  const { status, headers = {}, body } = reply
  const isText = typeof body === 'string' || body === undefined
  const result = {
    statusCode: status,
    isBase64Encoded: !isText,
    body: method === 'HEAD' ? '' : isText ? (body ?? '') : Buffer.from(body).toString('base64'),
  }
  // If the event has multi-value headers, the load balancer or API reads only multi-value headers of the reply.
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

/** Request in one format for all three event types. */
interface HttpRequest {
  readonly method: string
  /** Path and query that the sender used. A REST API may have changed the encoding of the query. */
  readonly target: string
  readonly host: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

type Record1 = Readonly<Record<string, string | undefined>>
type RecordN = Readonly<Record<string, readonly string[] | undefined>>

/** Returns true for a function URL or an HTTP API. */
function isV2(event: HttpEvent): event is APIGatewayProxyEventV2 {
  return 'version' in event && event.version === '2.0'
}

function isAlb(event: HttpEvent): event is ALBEvent {
  return 'requestContext' in event && 'elb' in event.requestContext
}

/** Reads method, target and headers. Throws a `TypeError` if the event is not an HTTP request. */
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

// Returns the path that the sender used, which includes the stage of the API. `event.path` omits the stage.
function restPath({ path, requestContext }: APIGatewayProxyEvent): string {
  return requestContext.path ?? path
}

function domainOf({ requestContext }: APIGatewayProxyEvent | ALBEvent): string | undefined {
  return 'domainName' in requestContext ? requestContext.domainName : undefined
}

/**
 * Returns the query as the sender encoded it. A load balancer leaves the query encoded. A REST API decodes the query,
 * so this function encodes the query again, like a form.
 */
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

/** `name` must be in lower case. */
function valueOf(headers: HttpRequest['headers'], name: string): string | undefined {
  return headers.find(([known]) => known === name)?.[1]
}

/** HTTP request event of Lambda: from a function URL or HTTP API, a REST API, or a load balancer. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent | ALBEvent

/** Reply in the format of the service that sent the event. */
export type HttpResult = APIGatewayProxyStructuredResultV2 & APIGatewayProxyResult & ALBResult
