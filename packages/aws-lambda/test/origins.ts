import { buffer } from 'node:stream/consumers'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import type { HttpEvent, HttpResult } from '../src/index.ts'

/** Origins of HTTP requests, as AWS documents their events. */
export type Origin = 'function URL' | 'REST API' | 'load balancer' | 'load balancer, multi-value'

const STAGE = '/prod'

/** Returns a listener that imitates an origin: it creates the event, calls the handler, and writes the result. */
export function origin(
  name: Origin,
  handler: (event: HttpEvent, host: string) => Promise<HttpResult>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const result = await handler(await eventOf(name, request), request.headers.host!)
    const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = result
    for (const [field, value] of Object.entries(headers ?? {}))
      response.setHeader(field, String(value))
    for (const [field, values] of Object.entries(multiValueHeaders ?? {}))
      response.setHeader(field, values as string[])
    response.statusCode = statusCode
    response.end(isBase64Encoded ? Buffer.from(body!, 'base64') : body)
  }
}

export function headerOf(event: HttpEvent, name: string): string | undefined {
  const all: Record<string, string | string[] | undefined> = {
    ...event.headers,
    ...('multiValueHeaders' in event ? event.multiValueHeaders : {}),
  }
  const found = Object.entries(all).find(([field]) => field.toLowerCase() === name)?.[1]
  return Array.isArray(found) ? found[0] : found
}

async function eventOf(name: Origin, request: IncomingMessage): Promise<HttpEvent> {
  const { method = 'GET', url = '/' } = request
  const [path, query = ''] = url.split('?') as [string, string?]
  const bytes = await buffer(request)
  const type = request.headers['content-type'] ?? ''
  // Text types are sent as text, others as base64.
  const isText =
    /^text\/|json|xml|javascript/.test(type) && request.headers['content-encoding'] === undefined
  const isBase64Encoded = name === 'REST API' ? true : !isText || !isUtf8(bytes)
  const body = bytes.length === 0 ? null : bytes.toString(isBase64Encoded ? 'base64' : 'utf8')
  const lines = pairs(request.rawHeaders)
  switch (name) {
    case 'function URL':
      return {
        version: '2.0',
        rawPath: path,
        rawQueryString: query,
        headers: joined(lines.filter(([field]) => !/^cookie$/i.test(field))),
        requestContext: { http: { method, path }, domainName: 'id.lambda-url.eu-west-1.on.aws' },
        ...(body !== null && { body }),
        isBase64Encoded,
      } as unknown as APIGatewayProxyEventV2
    case 'REST API':
      return {
        httpMethod: method,
        // API Gateway removes the stage from `path`, but not from `requestContext.path`.
        path: path.slice(STAGE.length),
        requestContext: { path, stage: 'prod', domainName: 'id.execute-api.amazonaws.com' },
        headers: Object.fromEntries(lines.map(([field, value]) => [capital(field), value])),
        multiValueHeaders: grouped(lines.map(([field, value]) => [capital(field), value])),
        queryStringParameters: null,
        multiValueQueryStringParameters:
          query === '' ? null : grouped([...new URLSearchParams(query)]),
        body,
        isBase64Encoded,
      } as unknown as APIGatewayProxyEvent
    default: {
      const values = query === '' ? [] : query.split('&').map((part) => part.split('='))
      const raw = values.map(([key = '', value = '']) => [key, value] as const)
      const multi = name !== 'load balancer'
      return {
        httpMethod: method,
        path,
        requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:…' } },
        ...(multi
          ? {
              multiValueHeaders: grouped(
                lines.map(([field, value]) => [field.toLowerCase(), value]),
              ),
              multiValueQueryStringParameters: grouped(raw),
            }
          : { headers: joined(lines), queryStringParameters: Object.fromEntries(raw) }),
        body: body ?? '',
        isBase64Encoded,
      } as unknown as ALBEvent
    }
  }
}

type Pair = readonly [name: string, value: string]

function pairs(raw: readonly string[]): readonly Pair[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1]!] as const] : []))
}

function joined(lines: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(grouped(lines.map(([name, value]) => [name.toLowerCase(), value]))).map(
      ([name, values]) => [name, values.join(',')],
    ),
  )
}

function grouped(lines: readonly Pair[]): Record<string, string[]> {
  const all: Record<string, string[]> = {}
  for (const [name, value] of lines) (all[name] ??= []).push(value)
  return all
}

function capital(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (text) => text.toUpperCase())
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes)
}
