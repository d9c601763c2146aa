import { type Delivery, type EventMap, type Limits, type SecretOption } from '@postern/core'
import {
  defineProvider,
  type Coding,
  type Draft,
  type EventDraft,
  type Format,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { genericScheme, type GenericSchemeOptions } from './schemes/generic.ts'
import { member } from './common/read.ts'

/** Reads a value out of a verified delivery. */
export type Extract = (delivery: Delivery, body: ParsedBody) => string | undefined

/** Options of {@link generic}: what is signed and how ({@link GenericSchemeOptions}), and where id and topic are. */
export interface GenericOptions<Key = unknown> extends GenericSchemeOptions<Key> {
  /** The signing secret, token or `user:password`. Several while it is being changed. */
  readonly secret?: SecretOption
  /** Takes deliveries without any authentication: whoever knows the URL can send. @default false */
  readonly unauthenticated?: boolean
  /** Name of the sender: of its receiver, in logs and on events. @default 'generic' */
  readonly name?: string
  /** Methods taken. @default POST, and GET where the signature does not cover a body (tokens, Basic) */
  readonly methods?: readonly string[]
  /** What the sender sends; the signed bytes decide among several. @default JSON, XML, a form; other bytes stay bytes */
  readonly formats?: readonly Format[]
  /** Content codings the sender uses. @default none */
  readonly codings?: readonly Coding[]
  /** Charsets of its texts, in lower case. @default UTF-8 */
  readonly charsets?: readonly string[]
  /** Reads the event's id. @default the header, the query parameter or the member named below */
  readonly id?: Extract
  /** Header that carries the event's id. @default none */
  readonly eventIdHeader?: string
  /** Query parameter that carries the event's id. @default none */
  readonly eventIdQuery?: string
  /** Member of the body that is the event's id; dots lead into objects (`data.id`). @default 'id' */
  readonly eventIdField?: string
  /** Reads the topic, or is the topic of every delivery. @default the header, the query parameter or the member named below */
  readonly topic?: string | Extract
  /** Header that carries the topic. @default none */
  readonly topicHeader?: string
  /** Query parameter that carries the topic. @default none */
  readonly topicQuery?: string
  /** Member of the body that is the topic; dots lead into objects. @default 'type' */
  readonly topicField?: string
  /** What the sender promises not to exceed. @default those of the receiver */
  readonly limits?: Partial<Limits>
  /** Over how long the sender delivers one event again, in milliseconds. @default 0, not known */
  readonly retrySpan?: number
  /** Headers, query parameters and fields never stored, beside those of the scheme. @default none */
  readonly credentials?: Provider['credentials']
}

/**
 * A sender nobody has written a provider for: any scheme, by name or as a value (`hmac(…)`, `ed25519(…)`,
 * `standardWebhooksScheme(…)` …), and extractors for id and topic. The payload of a GET is its query string. Whether
 * headers and query are protected is the scheme's affair: see its `covers`.
 *
 * @example
 * generic({ name: 'acme', secret, scheme: 'hmac', header: 'X-Acme-Signature', topicField: 'event.name' })
 * generic({ secret, scheme: 'query-token', param: 'token', eventIdQuery: 'id', topic: 'order.paid' })
 */
export function generic<Events extends EventMap = EventMap, Key = unknown>(
  options: GenericOptions<Key>,
): Provider<Events> {
  const { name = 'generic', limits, retrySpan, credentials, unauthenticated } = options
  const scheme = unauthenticated === true ? undefined : genericScheme(name, options)
  if (scheme && options.secret === undefined)
    throw new TypeError(
      `${name}: secret is missing; a route without any authentication needs unauthenticated: true`,
    )
  if (!scheme && options.secret !== undefined)
    throw new TypeError(`${name}: unauthenticated: true and a secret exclude each other`)
  const bodyless = !scheme || scheme.covers.body === 'none' || scheme.covers.url === true
  return defineProvider<Events, Key>({
    name,
    // A signature over the body says nothing of a query, so a GET could carry any payload.
    methods: options.methods ?? (bodyless ? ['POST', 'GET'] : ['POST']),
    formats: [...(options.formats ?? FORMATS), ...(bodyless && !options.formats ? QUERY : [])],
    ...(options.codings && { codings: options.codings }),
    ...(options.charsets && { charsets: options.charsets }),
    auth: scheme ? { scheme, secret: options.secret! } : { unauthenticated },
    ...(limits && { limits }),
    ...(retrySpan !== undefined && { retrySpan }),
    ...(credentials && { credentials }),
    events: (delivery, body) => [eventOf(options, delivery, body)],
    compose: (draft) => compose(options, draft),
  })
}

const FORMATS: readonly Format[] = ['json', 'xml', 'form', 'bytes']
const QUERY: readonly Format[] = ['query']

function eventOf<Key>(
  options: GenericOptions<Key>,
  delivery: Delivery,
  body: ParsedBody,
): EventDraft {
  const { topic } = options
  const found =
    typeof topic === 'string'
      ? topic
      : topic
        ? topic(delivery, body)
        : (extract(
            delivery,
            body,
            options.topicHeader,
            options.topicQuery,
            options.topicField ?? 'type',
          ) ?? 'event')
  const id = options.id
    ? options.id(delivery, body)
    : extract(
        delivery,
        body,
        options.eventIdHeader,
        options.eventIdQuery,
        options.eventIdField ?? 'id',
      )
  return { id: id || undefined, topic: found ?? '', payload: body.value }
}

// A place that is named is the only one looked at: falling back to the body would mix the ids of two meanings.
function extract(
  delivery: Delivery,
  body: ParsedBody,
  header: string | undefined,
  query: string | undefined,
  path: string,
): string | undefined {
  if (header !== undefined) return delivery.header(header) || undefined
  if (query !== undefined) return delivery.query().get(query) || undefined
  // A number beyond 2^53 is an id too, and must keep its last digits.
  return (
    member(body.value, path) ??
    (body.kind === 'json' ? member(delivery.json('exact'), path) : undefined)
  )
}

function compose<Key>(
  options: GenericOptions<Key>,
  { topic, id, method, url, payload }: Draft,
): { headers: Record<string, string>; url?: string; body?: string } {
  const [headers, fields]: [Record<string, string>, Record<string, unknown>] = [{}, {}]
  const target = new URL(url ?? 'https://example.com/webhooks')
  const put = (
    value: string | undefined,
    header: string | undefined,
    query: string | undefined,
    path: string,
  ): void => {
    if (value === undefined) return
    if (header !== undefined) headers[header.toLowerCase()] = value
    else if (query !== undefined) target.searchParams.set(query, value)
    else if (!path.includes('.')) fields[path] = value
  }
  put(id, options.eventIdHeader, options.eventIdQuery, options.eventIdField ?? 'id')
  put(topic, options.topicHeader, options.topicQuery, options.topicField ?? 'type')
  Object.assign(fields, payload)
  if (method === 'GET' || method === 'HEAD') {
    for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, String(value))
    return { headers, url: target.href, body: '' }
  }
  return { headers, url: target.href, body: JSON.stringify(fields) }
}
