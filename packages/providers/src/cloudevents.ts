import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  token,
  type Provider,
  type Scheme,
} from '@postern/core/scheme'
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

export const EVENT_TYPE = 'application/cloudevents+json'

/**
 * CloudEvents 1.0 over HTTP, from any sender: structured, batched and binary mode. Topic is `type`, id is `source:id`.
 * The specification signs nothing and asks for a bearer token. Consent by OPTIONS (`WebHook-Request-Origin`) is given to
 * `allowedOrigins` without authentication, as the specification has it. Retries are each sender's own.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
export function cloudevents<Events extends EventMap = EventMap>(
  options: CloudeventsOptions,
): Provider<Events> {
  const { secret, unauthenticated, allowedOrigins = [] } = options
  return defineProvider<Events, string>({
    name: 'cloudevents',
    // In binary mode the body is whatever its label says; nothing of it is signed.
    formats: ['json', 'xml', 'form', 'text', 'bytes'],
    methods: ['POST', 'OPTIONS'],
    auth: secret === undefined ? { unauthenticated } : { scheme: BEARER, secret },
    failsOnRedirect: true,
    greet: (delivery) =>
      delivery.method === 'OPTIONS' ? consent(delivery, allowedOrigins) : undefined,
    events: cloudEvents,
    compose: ({ topic = 'com.example.event', id = `/example:${crypto.randomUUID()}`, payload }) => {
      const [, source, own] = /^(.*):(.*)$/s.exec(id) ?? [id, '/example', id]
      const event = { specversion: '1.0', type: topic, source, id: own, data: payload ?? {} }
      return { headers: { 'content-type': EVENT_TYPE }, body: stringifyJson(event) }
    },
  })
}

const header = token({ header: 'authorization', scheme: 'Bearer' })
const query = token({ query: 'access_token' })

const BEARER: Scheme<string> = {
  ...header,
  credentials: { headers: ['authorization'], query: ['access_token'] },
  verify: (delivery, keys, now) => carrier(delivery).verify(delivery, keys, now),
}

function carrier(delivery: Delivery): Scheme<string> {
  const inQuery = delivery.header('authorization') === undefined
  return inQuery && delivery.query().has('access_token') ? query : header
}
