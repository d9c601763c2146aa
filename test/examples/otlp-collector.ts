import { createServer } from 'node:http'
import { listen } from '@postern/testing'

/** A span as OTLP sends it, with its attributes as an object and its kind by name. */
export interface CollectedSpan {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly service: unknown
}

/** A collector of traces in OTLP over HTTP, in its JSON form. */
export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  close(): Promise<void>
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']

/** Starts a collector on a free port. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url !== '/v1/traces') return response.writeHead(404).end()
      spans.push(...read(JSON.parse(Buffer.concat(chunks).toString()) as Traces))
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const { url, close } = await listen(server, '')
  return { url, spans, close }
}

function read({ resourceSpans }: Traces): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ kind, links = [], attributes, ...span }) => ({
        ...span,
        kind: KINDS[kind]!,
        links,
        attributes: toObject(attributes),
        service: toObject(resource.attributes)['service.name'],
      })),
    ),
  )
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
      readonly spans: readonly (Omit<CollectedSpan, 'kind' | 'links' | 'attributes' | 'service'> & {
        readonly kind: number
        readonly links?: CollectedSpan['links']
        readonly attributes?: Attributes
      })[]
    }[]
  }[]
}
