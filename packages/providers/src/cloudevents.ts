import type { SecretOption } from '@postern/core'
import { provider, stringifyJson, token, type Factory, firstOf } from '@postern/core/scheme'
import { consent } from './schemes/abuse-protection.ts'
import { cloudEvents } from './schemes/cloud-event.ts'

/** Options of {@link cloudevents}. */
export interface CloudeventsOptions {
  /** The bearer token senders carry in `Authorization` or in the query parameter `access_token`. */
  readonly secret?: SecretOption
  /** `true` takes events from anybody. @default false */
  readonly unauthenticated?: boolean
  /** Origins that get consent when they ask by OPTIONS; `*` stands for all. @default none */
  readonly allowedOrigins?: readonly string[]
}

const EVENT_TYPE = 'application/cloudevents+json'

/**
 * CloudEvents 1.0 over HTTP, from any sender: structured, batched and binary mode. Topic is `type`, id is `source:id`.
 * The specification signs nothing and asks for a bearer token. Consent by OPTIONS (`WebHook-Request-Origin`) is given to
 * `allowedOrigins` without authentication, as the specification has it. Retries are each sender's own.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
export const cloudevents: Factory<CloudeventsOptions> = /* @__PURE__ */ provider({
  name: 'cloudevents',
  title: 'CloudEvents',
  docs: 'https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md',
  topics: ['com.example.someevent'],
  handshakes: ['OPTIONS WebHook-Request-Origin'],
  options: {
    secret: 'The bearer token of the senders.',
    unauthenticated: 'true: takes events from anybody.',
    allowedOrigins: 'Origins that get consent when they ask by OPTIONS. Default none.',
  },
  formats: ['json', 'form', 'xml', 'multipart', 'text', 'bytes'],
  claims: 'ce-id',
  covers: { body: 'none' },
  methods: ['POST', 'OPTIONS'],
  scheme: () =>
    firstOf(token({ header: 'authorization', scheme: 'Bearer' }), token({ query: 'access_token' })),
  failsOnRedirect: true,
  greet: (delivery, { allowedOrigins = [] }) =>
    delivery.method === 'OPTIONS' ? consent(delivery, allowedOrigins) : undefined,
  events: cloudEvents,
  compose: ({ topic = 'com.example.event', id = `/example:${crypto.randomUUID()}`, payload }) => {
    const [, source, own] = /^(.*):(.*)$/s.exec(id) ?? [id, '/example', id]
    const event = { specversion: '1.0', type: topic, source, id: own, data: payload ?? {} }
    return { headers: { 'content-type': EVENT_TYPE }, body: stringifyJson(event) }
  },
})
