import { createServer } from 'node:http'
import { listen } from '@postern/testing'

/** Span from OTLP. Attributes are an object, the kind is a name, and events are their names. */
export interface CollectedSpan {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly string[]
  readonly service: unknown
}

/** Collector for traces and metrics in OTLP (HTTP with JSON). */
export interface Collector {
  /** Value of OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** Received metrics, as `service name`. */
  readonly metrics: readonly string[]
  close(): Promise<void>
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']

/** Starts a collector on a free port. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const metrics: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
      if (request.url === '/v1/traces') spans.push(...read(body as Traces))
      else if (request.url === '/v1/metrics') metrics.push(...namesOf(body as Metrics))
      else return response.writeHead(404).end()
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const { url, close } = await listen(server, '')
  return { url, spans, metrics, close }
}

function read({ resourceSpans }: Traces): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ kind, links = [], attributes, events = [], ...span }) => ({
        ...span,
        kind: KINDS[kind]!,
        links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
        events: events.map(({ name }) => name),
        attributes: toObject(attributes),
        service: toObject(resource.attributes)['service.name'],
      })),
    ),
  )
}

function namesOf({ resourceMetrics }: Metrics): readonly string[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const service = String(toObject(resource.attributes)['service.name'])
    return scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => `${service} ${name}`))
  })
}

function toObject(attributes: Attributes = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

type Attributes = readonly {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}[]

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: Attributes }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<
        CollectedSpan,
        'kind' | 'links' | 'attributes' | 'events' | 'service'
      > & {
        readonly kind: number
        readonly links?: CollectedSpan['links']
        readonly attributes?: Attributes
        readonly events?: readonly { readonly name: string }[]
      })[]
    }[]
  }[]
}

interface Metrics {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes?: Attributes }
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[]
  }[]
}
