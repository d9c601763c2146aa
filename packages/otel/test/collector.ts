import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as a collector got it. */
export interface Span {
  readonly service: string
  readonly name: string
  /** 2 SERVER, 3 CLIENT, 4 PRODUCER, 5 CONSUMER, 1 INTERNAL, by the protocol. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | undefined
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly string[]
}

/** A collector of OTLP over HTTP, in JSON. */
export interface Collector {
  readonly url: string
  readonly spans: readonly Span[]
  /** Names of the metrics it got, by service. */
  readonly metrics: readonly string[]
  close(): void
}

/** Starts a collector on the loopback address. */
export async function startCollector(): Promise<Collector> {
  const spans: Span[] = []
  const metrics: string[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.headers['content-type'] !== 'application/json')
        return response.writeHead(415).end()
      if (request.url === '/v1/traces') spans.push(...readSpans(JSON.parse(body) as Traces))
      if (request.url === '/v1/metrics') metrics.push(...readMetrics(JSON.parse(body) as Metrics))
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, spans, metrics, close: () => void server.close() }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#json-protobuf-encoding
interface Pair {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface Resource {
  readonly attributes: readonly Pair[]
}
interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: Resource
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string
        readonly kind: number
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
        readonly attributes: readonly Pair[]
        readonly events?: readonly { readonly name: string }[]
      }[]
    }[]
  }[]
}
interface Metrics {
  readonly resourceMetrics: readonly {
    readonly resource: Resource
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[]
  }[]
}

function readSpans({ resourceSpans }: Traces): readonly Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(
        ({ name, kind, traceId, spanId, parentSpanId, links, attributes, events }) => ({
          service: serviceOf(resource),
          name,
          kind,
          traceId,
          spanId,
          parent: parentSpanId || undefined,
          links: (links ?? []).map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
          attributes: valuesOf(attributes),
          events: (events ?? []).map((event) => event.name),
        }),
      ),
    ),
  )
}

function readMetrics({ resourceMetrics }: Metrics): readonly string[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap((scope) =>
      scope.metrics.map(({ name }) => `${serviceOf(resource)} ${name}`),
    ),
  )
}

function serviceOf({ attributes }: Resource): string {
  return String(valuesOf(attributes)['service.name'])
}

function valuesOf(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]))
}
