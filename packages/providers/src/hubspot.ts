import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { DAY } from './common/entry.ts'
import { text } from './common/read.ts'
import { hubspotScheme, type HubspotSchemeOptions } from './schemes/hubspot.ts'
import { joined } from './schemes/ids.ts'
import { checkPublicUrl } from './schemes/public-url.ts'

/** Options of {@link hubspot}. */
export interface HubspotOptions extends HubspotSchemeOptions {
  /** The client secret of the app. */
  readonly clientSecret: SecretOption
}

/**
 * HubSpot: webhooks (a delivery carries up to 100 events), workflow actions and calls of UI extensions. Version 3 is
 * HMAC-SHA256 over method, URL, body and time, and decides alone where it comes; versions 1 and 2, plain hashes without a
 * time, count otherwise: keep them out with `versions: ['v3']`. Behind a proxy give `publicUrl`. Topic is
 * `subscriptionType` (`contact.propertyChange`), or `request` for what is no webhook. HubSpot's `eventId` is not unique, so
 * the id is `portalId:appId:subscriptionId:eventId:occurredAt:objectId`. HubSpot wants its 2xx within 5 s and retries 10
 * times over 24 hours.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export function hubspot<Events extends EventMap = EventMap>(
  options: HubspotOptions,
): Provider<Events> {
  checkPublicUrl('hubspot', options)
  return defineProvider<Events, Uint8Array>({
    name: 'hubspot',
    formats: ['json', 'query'],
    methods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
    auth: { scheme: hubspotScheme(options), secret: options.clientSecret, option: 'clientSecret' },
    retrySpan: DAY,
    events,
    compose,
  })
}

const ID = ['portalId', 'appId', 'subscriptionId', 'eventId', 'occurredAt', 'objectId']

function events(delivery: Delivery, { kind, value }: ParsedBody): readonly EventDraft[] {
  if (!Array.isArray(value)) return [eventOf(value, kind === 'json' && delivery.json('exact'))]
  const exact = delivery.json('exact') as readonly unknown[]
  return value.map((item, at) => eventOf(item, exact[at]))
}

function eventOf(payload: unknown, exact: unknown): EventDraft {
  return {
    id: joined(exact, ...ID),
    topic: text(payload, 'subscriptionType') ?? 'request',
    payload,
  }
}

function compose({ topic = 'contact.creation', at = Date.now(), payload }: Draft): {
  body: string
} {
  const event = {
    appId: 54321,
    eventId: 100,
    subscriptionId: 1234,
    portalId: 62515,
    occurredAt: at,
    subscriptionType: topic,
    attemptNumber: 0,
    objectId: 123,
    ...(payload as object),
  }
  return { body: stringifyJson(Array.isArray(payload) ? payload : [event]) }
}
