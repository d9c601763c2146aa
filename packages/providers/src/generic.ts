import { WebhookError, type Delivery, type Limits, type SecretOption } from '@postern/core'
import {
  provider,
  type Coding,
  type Covers,
  type Draft,
  type EventDraft,
  type Factory,
  type Format,
  type ParsedBody,
  type Provider,
  type Scheme,
} from '@postern/core/scheme'
import { genericScheme, type GenericSchemeOptions } from './schemes/generic.ts'
import { at, member } from './common/read.ts'

/** Reads a value out of a verified delivery; of a list, `body` holds one event alone. */
export type Extract = (delivery: Delivery, body: ParsedBody) => string | undefined

/** Options of {@link generic}: what is signed and how ({@link GenericSchemeOptions}), and where id and topic are. */
export interface GenericOptions extends GenericSchemeOptions {
  /** The signing secret, token or `user:password`. Several while it is being changed. */
  readonly secret?: SecretOption
  /** Takes deliveries without any authentication: whoever knows the URL can send. @default false */
  readonly unauthenticated?: boolean
  /** Name of the sender: of its receiver, in logs and on events. @default 'generic' */
  readonly name?: string
  /** Methods taken. @default POST, and GET where the signature does not cover a body (tokens, Basic) */
  readonly methods?: readonly string[]
  /** Reads the event's id. @default the header, the query parameter or the member named below */
  readonly id?: Extract
  /** Header that carries the event's id. @default none */
  readonly eventIdHeader?: string
  /** Query parameter that carries the event's id. @default none */
  readonly eventIdQuery?: string
  /** Member of the body that is the event's id; dots lead into objects (`data.id`). @default none, so that nothing is deduplicated by id */
  readonly eventIdField?: string
  /** Reads the topic, or is the topic of every delivery. @default the header, the query parameter or the member named below */
  readonly topic?: string | Extract
  /** Header that carries the topic. @default none */
  readonly topicHeader?: string
  /** Query parameter that carries the topic. @default none */
  readonly topicQuery?: string
  /** Member of the body that is the topic; dots lead into objects. @default 'type' */
  readonly topicField?: string
  /** Member of the body that holds a list of events, each with its own id and topic; '' where the body is the list. @default none */
  readonly itemsField?: string
  /** What the sender sends: see `Provider.formats`. @default JSON, XML, form or bytes, and the query of a GET */
  readonly formats?: readonly Format[]
  /** Content codings the sender uses. @default none */
  readonly codings?: readonly Coding[]
  /** Charsets of its texts and forms. @default UTF-8 */
  readonly charsets?: readonly string[]
  /** False if the sender never signs the same bytes twice on purpose. @default true */
  readonly repeats?: boolean
  /** What the sender promises not to exceed. @default those of the receiver */
  readonly limits?: Partial<Limits>
  /** Over how long the sender delivers one event again, in milliseconds. @default 0, not known */
  readonly retrySpan?: number
  /** Headers, query parameters and fields never stored, beside those of the scheme. @default none */
  readonly credentials?: Provider['credentials']
}

/**
 * A sender nobody has written a provider for: any scheme, by name or as a value (`hmac(…)`, `ed25519(…)`,
 * `standardWebhooksScheme(…)`, `jwt(…)` …), and extractors for id and topic. The bytes decide how a body is read. Without an
 * id that you name nothing is deduplicated. The payload of a GET is its query string, where the scheme covers the URL or
 * nothing at all. Whether headers and query are protected is the scheme's affair: see its `covers`.
 *
 * @example
 * generic({ name: 'acme', secret, scheme: 'hmac', header: 'X-Acme-Signature', topicField: 'event.name' })
 * generic({ secret, scheme: 'query-token', param: 'token', eventIdQuery: 'id', topic: 'order.paid' })
 */
export const generic: Factory<GenericOptions> = /* @__PURE__ */ provider({
  name: 'generic',
  title: 'Generic',
  docs: 'https://www.rfc-editor.org/rfc/rfc2104',
  options: {
    secret: 'Signing secret, token or user:password.',
    scheme: 'hmac, bearer, basic, header-token, query-token, or a scheme as a value.',
    header: 'Header of the signature or the token; for hmac also several.',
    algorithm: 'sha1, sha256, sha384 or sha512. Default sha256.',
    encoding: 'hex, base64 or base64url. Default hex.',
    prefix: 'What stands before the signature. Default none.',
    keyEncoding: 'utf8, hex or base64: how the secret becomes the key. Default utf8.',
    message: 'What is signed, such as v0:{time}:{body}. Default {body} or {time}.{body}.',
    timestampHeader: 'Header of a signed time. Default none.',
    timestampUnit: 's, ms or iso. Default s.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    pairs: 'Names of time and signature in one header, as t=…,v1=…. Default none.',
    param: 'Query parameter of the token.',
    id: 'A function that reads the id. Default none.',
    eventIdHeader: 'Header of the id. Default none.',
    eventIdQuery: 'Query parameter of the id. Default none.',
    eventIdField: 'Member of the body that is the id. Default none.',
    topic: 'The topic of every delivery, or a function that reads it.',
    topicHeader: 'Header of the topic. Default none.',
    topicQuery: 'Query parameter of the topic. Default none.',
    topicField: 'Member of the body that is the topic. Default type.',
    itemsField: 'Member of the body that holds a list of events. Default none.',
    formats:
      'What is sent: json, form, xml, multipart, text, bytes, query. Default: the bytes decide.',
    codings: 'Content codings that are sent: gzip. Default none.',
    charsets: 'Charsets of texts and forms. Default utf-8.',
    repeats: 'false: the same bytes are never signed twice on purpose. Default true.',
    methods: 'Methods taken. Default POST, and GET for tokens.',
    limits: 'Limits of what is sent. Default those of the receiver.',
    retrySpan: 'Milliseconds over which one event is delivered again. Default not known.',
    credentials: 'Headers, query parameters and fields that are never stored. Default none.',
    unauthenticated: 'true takes deliveries without authentication.',
    name: 'Name of the sender. Default generic.',
  },
  formats: ['json', 'xml', 'form', 'bytes', 'query'],
  prepare(options) {
    const { name = 'generic', unauthenticated, secret } = options
    if (unauthenticated === true && secret !== undefined)
      throw new TypeError(`${name}: unauthenticated: true and a secret exclude each other`)
    return { ...options, made: unauthenticated === true ? undefined : genericScheme(name, options) }
  },
  scheme: ({ made, ...options }) => ({ ...made!, covers: coversOf(made!, options) }),
  more: ({ made, ...options }) => {
    const { name = 'generic', limits, retrySpan, credentials, codings, charsets, repeats } = options
    const readsQuery = !made || made.covers.body === 'none' || made.covers.url === true
    const query: readonly Format[] = readsQuery ? ['query'] : []
    return {
      name,
      ids: NAMED.some((option) => options[option] !== undefined),
      // A signature over the body says nothing of a query, so a GET could carry any payload.
      methods: options.methods ?? (readsQuery ? ['POST', 'GET'] : ['POST']),
      formats: options.formats ?? ['json', 'xml', 'form', 'bytes', ...query],
      ...(codings && { codings }),
      ...(charsets && { charsets }),
      ...(repeats !== undefined && { repeats }),
      ...(limits && { limits }),
      ...(retrySpan !== undefined && { retrySpan }),
      ...(credentials && { credentials }),
      ...(options.eventIdHeader !== undefined && { claims: options.eventIdHeader.toLowerCase() }),
    }
  },
  events: (delivery, body, options) => {
    const { itemsField } = options
    if (itemsField === undefined) return [eventOf(options, delivery, body, exactOf(delivery, body))]
    const exact = at(exactOf(delivery, body), itemsField)
    return listOf(at(body.value, itemsField), itemsField).map((value, index) =>
      eventOf(options, delivery, { ...body, value }, Array.isArray(exact) ? exact[index] : value),
    )
  },
  compose: (draft, options) => compose(options, draft),
})

const NAMED = ['id', 'eventIdHeader', 'eventIdQuery', 'eventIdField'] as const

function coversOf({ covers }: Scheme, options: GenericOptions): Covers {
  if (covers.body === 'none') return covers
  const isHeader = options.topicHeader !== undefined && typeof options.topic !== 'string'
  return {
    ...covers,
    ...(covers.body === 'bytes' && options.eventIdField !== undefined && { id: true }),
    ...(isHeader && { topic: false }),
  }
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  const place = path === '' ? 'the body' : path
  throw new WebhookError('unidentified', `${place} is no list of events`)
}

// A number beyond 2^53 is an id too, and must keep its last digits.
function exactOf(delivery: Delivery, { kind, value }: ParsedBody): unknown {
  return kind === 'json' ? delivery.json('exact') : value
}

function eventOf(
  options: GenericOptions,
  delivery: Delivery,
  body: ParsedBody,
  exact: unknown,
): EventDraft {
  const { topic, id, topicHeader, topicQuery, eventIdHeader, eventIdQuery } = options
  const found =
    typeof topic === 'function'
      ? topic(delivery, body)
      : (topic ??
        extract(delivery, exact, topicHeader, topicQuery, options.topicField ?? 'type') ??
        'event')
  const own = id
    ? id(delivery, body)
    : extract(delivery, exact, eventIdHeader, eventIdQuery, options.eventIdField)
  return { id: own || undefined, topic: found ?? '', payload: body.value }
}

// A place that is named is the only one looked at: falling back to the body would mix the ids of two meanings.
function extract(
  delivery: Delivery,
  exact: unknown,
  header: string | undefined,
  query: string | undefined,
  path: string | undefined,
): string | undefined {
  if (header !== undefined) return delivery.header(header) || undefined
  if (query !== undefined) return delivery.query().get(query) || undefined
  return path === undefined ? undefined : member(exact, path)
}

function compose(
  options: GenericOptions,
  { topic, id, method, url, payload }: Draft,
): { headers: Record<string, string>; url?: string; body?: string } {
  const [headers, fields]: [Record<string, string>, Record<string, unknown>] = [{}, {}]
  const target = new URL(url ?? 'https://example.com/webhooks')
  const put = (
    value: string | undefined,
    header: string | undefined,
    query: string | undefined,
    path: string | undefined,
  ): void => {
    if (value === undefined) return
    if (header !== undefined) headers[header.toLowerCase()] = value
    else if (query !== undefined) target.searchParams.set(query, value)
    else if (path !== undefined && !path.includes('.')) fields[path] = value
  }
  put(id, options.eventIdHeader, options.eventIdQuery, options.eventIdField)
  put(topic, options.topicHeader, options.topicQuery, options.topicField ?? 'type')
  Object.assign(fields, payload)
  if (method === 'GET' || method === 'HEAD') {
    for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, String(value))
    return { headers, url: target.href, body: '' }
  }
  return { headers, url: target.href, body: JSON.stringify(fields) }
}
