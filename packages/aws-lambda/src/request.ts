import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import type { HttpEvent } from './http-event.ts'

/** A request in one form, whichever of the three events it came in. */
export interface HttpRequest {
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
export function isV2(event: HttpEvent): event is APIGatewayProxyEventV2 {
  return 'version' in event && event.version === '2.0'
}

/** True for a load balancer. */
export function isAlb(event: HttpEvent): event is ALBEvent {
  return 'requestContext' in event && 'elb' in event.requestContext
}

/** Reads method, target and headers. Throws a `TypeError` for an event that is no HTTP request. */
export function httpRequestOf(event: HttpEvent): HttpRequest {
  if (typeof event?.requestContext !== 'object')
    throw new TypeError(
      'webhook: the event is no HTTP request of API Gateway, a function URL or a load balancer; sqs(), sns() and eventBridge() take those events',
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
export function valueOf(headers: HttpRequest['headers'], name: string): string | undefined {
  return headers.find(([known]) => known === name)?.[1]
}
