import { field, needed } from './common/read.ts'
import { Buffer } from 'node:buffer'
import { type SecretOption, WebhookError, type Delivery } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import {
  token,
  type Factory,
  firstOf,
  type EventDraft,
  type ParsedBody,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { consent, CONSENT_HEADERS } from './schemes/challenge.ts'

/** Options of {@link cloudevents}. */
export interface CloudeventsOptions {
  /** The bearer token of the senders, in `Authorization` or in the query parameter `access_token`. */
  readonly secret?: SecretOption
  /** `true` accepts events from anybody. @default false */
  readonly unauthenticated?: boolean
  /**
   * Origins that may send events. A sender asks for this consent with an OPTIONS request. `*` allows every origin.
   * @default none
   */
  readonly allowedOrigins?: readonly string[]
}

const EVENT_TYPE = 'application/cloudevents+json'

/**
 * CloudEvents 1.0 over HTTP from any sender, in structured, batched and binary mode. The topic is `type` and the id is
 * `source:id`. The specification has no signatures, but asks for a bearer token. If `allowedOrigins` has the origin,
 * the receiver answers a request for consent (OPTIONS with `WebHook-Request-Origin`). As in the specification, that
 * answer needs no authentication. Each sender chooses its own retries.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
export const cloudevents: Factory<CloudeventsOptions> = /* @__PURE__ */ provider({
  name: 'cloudevents',
  title: 'CloudEvents',
  docs: 'https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md',
  setup: {
    place: 'the subscription at the sender; it asks your URL by OPTIONS for permission',
    secret: 'a token that you and the sender agree on',
  },
  topics: ['com.example.order.placed'],
  handshakes: ['OPTIONS WebHook-Request-Origin'],
  facts: {
    place: { header: 'Authorization' },
    checked: '2026-11-26',
    delivers: { redirect: 'failure', givesUp: 'at a 410, as the specification has it', ok: '2xx' },
  },
  options: {
    secret: 'The bearer token of the senders.',
    unauthenticated: 'true: accepts events from anybody.',
    allowedOrigins: 'Origins that get consent when they ask by OPTIONS. Default none.',
  },
  formats: ['json', 'form', 'xml', 'multipart', 'text', 'bytes'],
  claims: 'ce-id',
  covers: { body: 'none' },
  methods: ['POST', 'OPTIONS'],
  reads: (delivery) => [
    ...CONSENT_HEADERS,
    ...[...delivery.headerLines()].flatMap(([name]) => (name.startsWith('ce-') ? name : [])),
  ],
  scheme: () =>
    firstOf(token({ header: 'authorization', scheme: 'Bearer' }), token({ query: 'access_token' })),
  greet: (delivery, { allowedOrigins = [] }) =>
    delivery.method === 'OPTIONS' ? consent(delivery, allowedOrigins) : undefined,
  events: cloudEvents,
  compose: ({ topic = 'com.example.event', id = `/example:${crypto.randomUUID()}`, payload }) => {
    const [, source, own] = /^(.*):(.*)$/s.exec(id) ?? [id, '/example', id]
    const event = { specversion: '1.0', type: topic, source, id: own, data: payload ?? {} }
    return { headers: { 'content-type': EVENT_TYPE }, body: stringifyJson(event) }
  },
})

/** Returns the events in any of the three modes (HTTP binding). In binary mode, `data` is the parsed body. */
function cloudEvents(delivery: Delivery, body: ParsedBody): readonly EventDraft[] {
  const type = (delivery.header('content-type') ?? '').trim().toLowerCase()
  if (!type.startsWith('application/cloudevents')) return [draft(binary(delivery, body))]
  if (body.kind !== 'json')
    throw new WebhookError('unsupported_media_type', {
      problem: 'not_allowed',
      header: 'content-type',
      expected: 'CloudEvents as JSON',
    })
  if (!type.startsWith('application/cloudevents-batch')) return [draft(body.value)]
  if (!Array.isArray(body.value))
    throw new WebhookError('malformed_event', {
      problem: 'no_event',
      expected: 'an array in a batch',
    })
  return (body.value as unknown[]).map(draft)
}

function draft(event: unknown): EventDraft {
  needed(event, 'specversion', 'malformed_event')
  const id = needed(event, 'id', 'missing_event_id')
  const source = needed(event, 'source', 'malformed_event')
  const topic = needed(event, 'type')
  if (field(event, 'specversion') !== '1.0')
    throw new WebhookError('malformed_event', {
      problem: 'not_allowed',
      field: 'specversion',
      expected: '1.0',
    })
  return { id: `${source}:${id}`, topic, payload: event }
}

function binary(delivery: Delivery, { value }: ParsedBody): unknown {
  const event: Record<string, unknown> = {}
  for (const [header, line] of delivery.headerLines()) {
    if (!header.startsWith('ce-')) continue
    const name = header.slice(3)
    if (name === 'datacontenttype' || name === 'data' || name in event)
      throw new WebhookError('malformed_event', { problem: 'repeated', header, got: 2 })
    event[name] = decode(line.trim(), header)
  }
  const datacontenttype = delivery.header('content-type')
  return { ...event, ...(datacontenttype && { datacontenttype }), data: value }
}

// Decodes a header value, which is percent-encoded UTF-8 (HTTP binding, section 3.1.3.2). Older senders put the value
// in quotes.
function decode(value: string, header: string): string {
  const bare = /^"(?:[^"\\]|\\.)*"$/.test(value)
    ? value.slice(1, -1).replace(/\\(.)/g, '$1')
    : value
  const bytes = Buffer.from(
    bare.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  )
  if (!bare.includes('%')) return bare
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new WebhookError('malformed_event', {
      problem: 'malformed',
      header,
      expected: 'percent-encoded UTF-8',
    })
  }
}
