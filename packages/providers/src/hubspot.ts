import { createHash } from 'node:crypto'
import type { Delivery, SecretOption } from '@postern/core'
import {
  mergeDeep,
  stringifyJson,
  hmacAlgorithm,
  malformed,
  safeEqual,
  signatureScheme,
  singleHeader,
  type SignedMessage,
  type SignatureAlgorithm,
} from '@postern/core/internal'
import { type EventDraft, type Factory, hmac, type Scheme } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { text } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link hubspot}. */
export interface HubspotOptions extends HubspotSchemeOptions {
  /** The client secret of the app. */
  readonly clientSecret: SecretOption
}

/**
 * HubSpot: webhooks (a delivery has up to 100 events), workflow actions and calls of UI extensions. Version 3 of the
 * signature is HMAC-SHA256 over method, URL, body and time. Versions 1 and 2 are plain hashes without a time. For an
 * older app, allow these versions with the option `versions`. Behind a proxy, set `publicUrl`. The topic is
 * `subscriptionType` (`contact.propertyChange`), or `request` for a request that is not a webhook. HubSpot's `eventId`
 * is not unique, so the id is `portalId:appId:subscriptionId:eventId:occurredAt:objectId`. HubSpot expects a 2xx within
 * 5 s and retries 10 times over 24 hours.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export const hubspot: Factory<HubspotOptions> = /* @__PURE__ */ provider({
  name: 'hubspot',
  title: 'HubSpot',
  docs: 'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation',
  setup: {
    place: "the project's file webhooks/*-hsmeta.json: targetUrl in settings",
    secret: 'the client secret of the app',
    docs: 'https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks',
  },
  notSecret: [[/^pat-[a-z]{2}\d-/, 'an access token']],
  topics: ['contact.creation', 'contact.propertyChange', 'deal.creation', 'object.creation'],
  facts: {
    scheme: 'HMAC-SHA256 of {method}{url}{body}{time}, base64',
    place: { header: 'X-HubSpot-Signature-v3' },
    checked: '2026-11-26',
    delivers: { within: 5_000, retries: DAY, ok: '2xx' },
  },
  options: {
    clientSecret: 'Client secret of the app.',
    publicUrl: 'The URL that HubSpot sends requests to. Default: the URL of the request.',
    tolerance: 'Seconds a signed time (v3) may be away from now. Default 300.',
    versions: 'Accepted versions of the signature. Default v3.',
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
  events(delivery, { kind, value }) {
    if (!Array.isArray(value)) return [eventOf(value, kind === 'json' && delivery.json('exact'))]
    const exact = delivery.json('exact') as readonly unknown[]
    return value.map((item, at) => eventOf(item, exact[at]))
  },
  compose({ topic = 'contact.creation', at = Date.now(), payload }) {
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
  },
})

const ID = ['portalId', 'appId', 'subscriptionId', 'eventId', 'occurredAt', 'objectId']

function eventOf(payload: unknown, exact: unknown): EventDraft {
  return {
    id: joinedId(exact, ...ID),
    topic: text(payload, 'subscriptionType') ?? 'request',
    payload,
  }
}

type HubspotVersion = 'v1' | 'v2' | 'v3'

interface HubspotSchemeOptions extends PublicUrlOption {
  /** Maximum difference between the signed time of v3 and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
  /**
   * Accepted versions of the signature. Versions 1 and 2 are plain hashes without a time, so an attacker can append
   * bytes to a signed message. The longer body is not valid JSON, so with these versions only JSON bodies are accepted.
   * Version 1 is accepted only for POST, because it covers only the body. If a v3 signature is present, v1 and v2 are
   * ignored.
   * @default ['v3']
   */
  readonly versions?: readonly HubspotVersion[]
}

const V3 = 'x-hubspot-signature-v3'
const OLD = 'x-hubspot-signature'
const VERSION = 'x-hubspot-signature-version'
// According to HubSpot's page, v3 signs the URL with exactly these escapes decoded.
const ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/** Creates the scheme. If a delivery has a v3 signature, only that signature is verified. */
function hubspotScheme(options: HubspotSchemeOptions): Scheme<Uint8Array> {
  const { versions = ['v3'] } = options
  const url = (delivery: Delivery): string => signedUrl(delivery, options)
  const decoded = (delivery: Delivery): string => url(delivery).replace(ESCAPES, decodeURIComponent)
  const v3 = hmac({
    header: V3,
    encoding: 'base64',
    url: decoded,
    timestampHeader: 'X-HubSpot-Request-Timestamp',
    timestampUnit: 'ms',
    tolerance: options.tolerance,
    message: (delivery, time) => [delivery.method, decoded(delivery), delivery.body, time ?? ''],
  })
  const older = (
    message: (delivery: Delivery) => SignedMessage,
    more: { readonly url?: typeof url } = {},
  ): Scheme<Uint8Array> => signatureScheme(HASH, { header: OLD, message, ...more })
  const v2 = older((delivery) => [delivery.method, url(delivery), delivery.body], { url })
  const v1 = older((delivery) => delivery.body)

  const isDated = versions.every((one) => one === 'v3')
  const isUrlCovered = options.publicUrl === undefined && !versions.includes('v1')
  return {
    ...v3,
    ...(versions.includes('v1') || versions.includes('v2') ? { needs: [] } : {}),
    reads: [V3, 'x-hubspot-request-timestamp', OLD, VERSION],
    present: (delivery) => delivery.header(V3) !== undefined || delivery.header(OLD) !== undefined,
    // A delivery may use any accepted version, so only parts that all of these versions cover are listed.
    covers: { body: 'bytes', id: true, url: isUrlCovered, timestamp: isDated },
    verify(delivery, keys, now) {
      const version = versionOf(delivery)
      if (!versions.includes(version))
        throw malformed(
          { header: VERSION },
          `one of ${versions.join(', ')}, as the option versions allows`,
        )
      if (version === 'v1' && delivery.method !== 'POST')
        throw malformed({ header: VERSION }, 'v2 or v3, without which only POST is allowed')
      return { v1, v2, v3 }[version].verify(delivery, keys, now)
    },
  }
}

function versionOf(delivery: Delivery): HubspotVersion {
  if (delivery.header(V3) !== undefined) return 'v3'
  singleHeader(delivery, OLD)
  const version = singleHeader(delivery, VERSION)
  if (version !== 'v1' && version !== 'v2') throw malformed({ header: VERSION }, 'v1 or v2')
  return version
}

// Versions 1 and 2 are a plain SHA-256 over the secret and the message.
const HASH: SignatureAlgorithm<Uint8Array> = {
  key: (secret) => hmacAlgorithm().key(secret),
  matches(key, message, candidates) {
    const hash = createHash('sha256').update(key)
    for (const part of [message].flat()) hash.update(part)
    const expected = hash.digest('hex')
    return candidates.filter((candidate) => safeEqual(candidate, expected)).length > 0
  },
}

/**
 * Returns the format of the payload: the JSON body, or the query if there is no body and the signature covers the
 * query.
 */
function hubspotFormat(delivery: Delivery, options: PublicUrlOption): 'json' | 'query' {
  if (delivery.body.length > 0 || (delivery.header(V3) ?? delivery.header(VERSION)) === 'v1')
    return 'json'
  const signed = new URL(signedUrl(delivery, options)).search
  return signed === new URL(delivery.url).search ? 'query' : 'json'
}
