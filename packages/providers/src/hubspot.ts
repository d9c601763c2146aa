import type { Delivery, SecretOption } from '@postern/core'
import {
  mergeDeep,
  provider,
  stringifyJson,
  type Draft,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { text } from './common/read.ts'
import { hubspotScheme, type HubspotSchemeOptions, hubspotFormat } from './schemes/hubspot.ts'
import { joined } from './schemes/ids.ts'
import { checkPublicUrl } from './schemes/public-url.ts'

/** Options of {@link hubspot}. */
export interface HubspotOptions extends HubspotSchemeOptions {
  /** The client secret of the app. */
  readonly clientSecret: SecretOption
}

/**
 * HubSpot: webhooks (a delivery carries up to 100 events), workflow actions and calls of UI extensions. Version 3 is
 * HMAC-SHA256 over method, URL, body and time, and alone counts by default. Versions 1 and 2 are plain hashes without a
 * time: take them with `versions`, where an older app has nothing better. Behind a proxy give `publicUrl`. Topic is
 * `subscriptionType` (`contact.propertyChange`), or `request` for what is no webhook. HubSpot's `eventId` is not unique, so
 * the id is `portalId:appId:subscriptionId:eventId:occurredAt:objectId`. HubSpot wants its 2xx within 5 s and retries 10
 * times over 24 hours.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export const hubspot: Factory<HubspotOptions> = /* @__PURE__ */ provider({
  name: 'hubspot',
  title: 'HubSpot',
  docs: 'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation',
  topics: ['contact.creation', 'contact.propertyChange', 'deal.creation', 'object.creation'],
  options: {
    clientSecret: 'Client secret of the app.',
    publicUrl: 'The URL as HubSpot calls it. Default: the URL of the request.',
    tolerance: 'Seconds a signed time (v3) may be away from now. Default 300.',
    versions: 'The versions of the signature to take. Default v3.',
  },
  formats: ['json', 'query'],
  secret: 'clientSecret',
  covers: { body: 'bytes', url: true, id: true, timestamp: true },
  methods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
  scheme(options) {
    checkPublicUrl('hubspot', options)
    return hubspotScheme(options)
  },
  format: hubspotFormat,
  retrySpan: DAY,
  events,
  compose,
})

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
  const event = mergeDeep(
    {
      appId: 54321,
      eventId: 100,
      subscriptionId: 1234,
      portalId: 62515,
      occurredAt: at,
      subscriptionType: topic,
      attemptNumber: 0,
      objectId: 123,
    },
    payload,
  )
  return { body: stringifyJson(Array.isArray(payload) ? payload : [event]) }
}
