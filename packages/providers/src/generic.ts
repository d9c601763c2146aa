import { WebhookError, type SecretOption } from '@postern/core'
import type { Limits, Codings } from '@postern/core/internal'
import type { Factory, Format, Provider } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import {
  genericBody,
  composeGeneric,
  genericCovers,
  genericEvents,
  genericHeaders,
  type Extract,
  type GenericPlaces,
} from './schemes/generic/places.ts'
import { genericScheme, givenOf, type GenericSchemeOptions } from './schemes/generic/scheme.ts'

export type { Extract }

/** Options of {@link generic}: the scheme, and where id and topic are. */
export interface GenericOptions extends GenericSchemeOptions, GenericPlaces {
  /** Query parameter with the event's id. @default none */
  readonly eventIdQuery?: string
  /** Query parameter with the topic. @default none */
  readonly topicQuery?: string
  /** The signing secret, token or `user:password`. Give several while you change the secret. */
  readonly secret?: SecretOption
  /**
   * If true, accepts deliveries without any authentication, from anybody who knows the URL.
   * @default false
   */
  readonly unauthenticated?: boolean
  /** Name of the provider, for its receiver, logs and events. @default 'generic' */
  readonly name?: string
  /** Accepted methods. @default POST, and GET if the signature does not cover a body (tokens, Basic) */
  readonly methods?: readonly string[]
  /**
   * Formats that the sender sends: see `Provider.formats`. @default only `json` if `eventIdField` is set; otherwise
   * `json`, `xml`, `form` and `bytes`. `query` is added if the scheme covers the URL, or does not cover the body
   */
  readonly formats?: readonly Format[]
  /** `strict` rejects a Content-Type that contradicts the format (415). @default 'ignore' */
  readonly contentType?: Provider['contentType']
  /**
   * Content codings that the sender uses. The value says which bytes the sender signs: `sent` means the encoded bytes,
   * and `decoded` means the body before encoding (`{ gzip: 'decoded' }`). The first bytes of a body show whether the
   * body is encoded.
   * @default `{ gzip: 'sent' }`, or none if there is no scheme or `formats` is only `bytes`
   */
  readonly codings?: Codings
  /** Charsets of text bodies and forms. @default UTF-8 */
  readonly charsets?: readonly string[]
  /**
   * Whether the sender may sign the same bytes twice. Set false if the signed bytes contain the time of sending. Equal
   * bytes are then a replay. @default true
   */
  readonly repeats?: boolean
  /** Limits that the sender promises not to exceed. @default the receiver's limits */
  readonly limits?: Partial<Limits>
  /**
   * Time from the first delivery of an event to its last retry, in milliseconds. @default 0, which means that the time
   * is not known
   */
  readonly retrySpan?: number
  /**
   * Headers, query parameters and fields that must not be stored. The scheme's own credentials are never stored either.
   * @default none
   */
  readonly credentials?: Provider['credentials']
}

/**
 * Provider for a sender that this package does not have. You give the scheme, by name or as a value (`hmac(…)`,
 * `ed25519(…)`, `standardWebhooksScheme(…)`, `jwt(…)` …), and say where id and topic are. The first bytes of a body
 * decide its format. Without an option for the id, nothing is deduplicated. If the scheme covers the URL, or does not
 * cover the body, a GET is accepted and its query is the payload. The scheme's `covers` says whether headers and query
 * are protected.
 *
 * @example
 * generic({ name: 'acme', secret, scheme: 'hmac', header: 'X-Acme-Signature', topicField: 'event.name' })
 * generic({ secret, scheme: 'query-token', param: 'token', eventIdQuery: 'id', topic: 'order.paid' })
 */
export const generic: Factory<GenericOptions> = /* @__PURE__ */ provider({
  name: 'generic',
  title: 'Generic',
  docs: 'https://www.rfc-editor.org/rfc/rfc2104',
  setup: {
    place: 'the webhook settings of the sender',
    secret: 'shown by the sender, or chosen by you, in the same place',
  },
  facts: {
    scheme: 'as you say: HMAC, tokens, Basic, Standard Webhooks, or a scheme as a value',
    place: { header: 'as you say' },
    tolerance: 300,
    example: { secret: 'an-example-secret', scheme: 'hmac', header: 'X-Signature' },
    checked: '2026-11-26',
    delivers: { ok: '2xx' },
  },
  options: {
    secret: 'Signing secret, token or user:password.',
    scheme:
      'hmac, bearer, basic, header-token, query-token, field-token, standard-webhooks, or a scheme as a value.',
    header: 'Header of the signature or the token; for hmac also several.',
    algorithm: 'sha1, sha256, sha384 or sha512. Default sha256.',
    encoding: 'hex, base64 or base64url. Default hex.',
    prefix: 'Text before the signature. Default none.',
    keyEncoding:
      'utf8, hex or base64: how the secret becomes the key; a list, if the sender has changed it. Default utf8.',
    message: 'The signed text, such as v0:{time}:{body}. Default {body} or {time}.{body}.',
    timestampHeader: 'Header of a signed time. Default none.',
    timestampUnit: 's, ms, iso or any. Default s.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    pairs: 'Names of time and signature in one header, as t=…,v1=…. Default none.',
    several: 'Separator of several signatures in one header. Default none.',
    param: 'Query parameter of the token or the signature.',
    field: 'Member of the body that is the token.',
    headers: 'Names of the headers of standard-webhooks. Default webhook-id and so on.',
    id: 'A function that reads the id. Default none.',
    eventIdHeader: 'Header of the id. Default none.',
    eventIdQuery: 'Query parameter of the id. Default none.',
    eventIdField: 'Member of the body that is the id, or a list that is joined by :. Default none.',
    topic: 'The topic of every delivery, or a function that reads it.',
    topicHeader: 'Header of the topic. Default none.',
    topicQuery: 'Query parameter of the topic. Default none.',
    topicField:
      'Member of the body that is the topic, or a list that is joined by dots. Default type.',
    itemsField: 'Member of the body that holds a list of events. Default none.',
    formats:
      'The sent value: json, form, xml, multipart, text, bytes, query. Default: json with eventIdField, else the bytes decide.',
    contentType: 'strict: a Content-Type that contradicts the format is rejected. Default ignore.',
    codings:
      'Content codings that are sent, with the bytes that are signed: { gzip: sent or decoded }. Default gzip, as sent.',
    charsets: 'Charsets of texts and forms. Default utf-8.',
    repeats: 'false: the sender does not sign the same bytes twice on purpose. Default true.',
    methods: 'Methods accepted. Default POST, and GET for tokens.',
    limits: 'Limits of what is sent. Default those of the receiver.',
    retrySpan: 'Milliseconds over which one event is delivered again. Default not known.',
    credentials: 'Headers, query parameters and fields that are not stored. Default none.',
    unauthenticated: 'true accepts deliveries without authentication.',
    name: 'Name of the sender. Default generic.',
  },
  formats: ['json', 'xml', 'form', 'bytes', 'query'],
  prepare(options) {
    const { name = 'generic', unauthenticated, secret } = options
    if (unauthenticated === true && secret !== undefined)
      throw new TypeError(`${name}: unauthenticated: true and a secret exclude each other`)
    if (options.credentials !== undefined && typeof options.credentials !== 'object')
      throw new TypeError(
        `${name}: credentials must be { headers, query, fields }, got a ${typeof options.credentials}`,
      )
    return { ...options, made: unauthenticated === true ? undefined : genericScheme(name, options) }
  },
  scheme: ({ made, ...options }) => ({ ...made!, covers: genericCovers(made!, options) }),
  more: ({ made, ...options }) => {
    const { name = 'generic', methods, formats, codings, eventIdField } = options
    const readsQuery = !made || made.covers.body === 'none' || made.covers.url === true
    const query: readonly Format[] = readsQuery ? ['query'] : []
    return {
      ...givenOf(options, PASSED),
      name,
      ids: NAMED.some((option) => options[option] !== undefined),
      // GET is not accepted if only the body is signed, because the payload of a GET is its unsigned query.
      methods: methods ?? (readsQuery ? ['POST', 'GET'] : ['POST']),
      // With `eventIdField`, only JSON is read. In another format, a body could be accepted without an id.
      formats: formats ?? [...(eventIdField === undefined ? ANY : JSON_ALONE), ...query],
      codings: codings ?? (made && takesText(options) ? GZIP : {}),
      ...genericHeaders(options),
    }
  },
  reads: (_delivery, { eventIdHeader, topicHeader }) =>
    [eventIdHeader, topicHeader].filter((name) => name !== undefined),
  events: (delivery, body, options) => {
    const events = genericEvents(delivery, body, byQuery(options))
    if (needsId(options) && events.some((event) => event.id === undefined))
      throw new WebhookError('missing_event_id', {
        problem: 'missing',
        field: [options.eventIdField!].flat().join(),
        option: 'eventIdField',
        remedy: 'name in formats the one format that has it',
      })
    return events
  },
  compose(draft, options) {
    const { id, topic, method, url } = draft
    const { eventIdHeader, eventIdQuery, topicHeader, topicQuery } = options
    const target = new URL(url ?? 'https://example.com/webhooks')
    const isIdQuery = eventIdHeader === undefined && eventIdQuery !== undefined
    const isTopicQuery =
      topicHeader === undefined && topicQuery !== undefined && typeof options.topic !== 'string'
    if (isIdQuery && id !== undefined) target.searchParams.set(eventIdQuery, id)
    if (isTopicQuery && topic !== undefined) target.searchParams.set(topicQuery, topic)
    const { headers, event } = composeGeneric(
      { ...draft, id: isIdQuery ? undefined : id, topic: isTopicQuery ? undefined : topic },
      options,
    )
    if (method !== 'GET' && method !== 'HEAD')
      return { headers, url: target.href, body: genericBody(event, options) }
    for (const [name, value] of Object.entries(event)) target.searchParams.set(name, String(value))
    return { headers, url: target.href, body: '' }
  },
})

const JSON_ALONE: readonly Format[] = ['json']
const ANY: readonly Format[] = ['json', 'xml', 'form', 'bytes']
const GZIP: Codings = { gzip: 'sent' }
const PASSED = ['contentType', 'charsets', 'repeats', 'limits', 'retrySpan', 'credentials'] as const
const NAMED = ['id', 'eventIdHeader', 'eventIdQuery', 'eventIdField'] as const

/**
 * Returns true if a format is text. Only text can be checked for gzip: no JSON, XML or form starts with gzip's first
 * bytes.
 */
function takesText({ formats = ANY }: GenericOptions): boolean {
  return formats.some((format) => format !== 'bytes')
}

/**
 * Returns true if an event without an id must be rejected. With several formats, a missing id may mean that the body
 * was parsed in the wrong format.
 */
function needsId({ formats, eventIdField, ...others }: GenericOptions): boolean {
  const elsewhere = others.id ?? others.eventIdHeader ?? others.eventIdQuery
  return elsewhere === undefined && eventIdField !== undefined && (formats?.length ?? 1) > 1
}

/** Adds functions that read id and topic from the query, unless an option names a header. */
function byQuery(options: GenericOptions): GenericPlaces {
  const { id, eventIdHeader, eventIdQuery, topic, topicHeader, topicQuery, topicField } = options
  const at =
    (name: string, other?: string): Extract =>
    (delivery) =>
      delivery.query().get(name) || other
  const other = topicField === undefined ? 'event' : undefined
  return {
    ...options,
    ...(!id &&
      eventIdHeader === undefined &&
      eventIdQuery !== undefined && { id: at(eventIdQuery) }),
    ...(topic === undefined &&
      topicHeader === undefined &&
      topicQuery !== undefined && { topic: at(topicQuery, other) }),
  }
}
