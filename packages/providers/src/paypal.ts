import { crc32 } from 'node:zlib'
import type { Delivery, SecretOption } from '@postern/core'
import {
  checkTimestamp,
  malformed,
  singleHeader,
  toleranceOption,
  parseTimestamp,
} from '@postern/core/internal'
import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed, text } from './common/read.ts'
import type { CertificateOptions } from './schemes/certificate/source.ts'
import { signedByCertificate, type CertificateClaim } from './schemes/certificate/certificate.ts'

/** Options of {@link paypal}. */
export interface PaypalOptions extends CertificateOptions {
  /** The id of the webhook at PayPal. The signature covers this id, so deliveries to other webhooks are rejected. */
  readonly webhookId: SecretOption
  /**
   * Maximum difference between the signed time and now, in seconds. @default 259200, since PayPal retries for 3 days
   */
  readonly tolerance?: number
}

const HASHES = { SHA256withRSA: 'sha256', SHA1withRSA: 'sha1' } as const

/**
 * PayPal REST webhooks. The signature is RSA over transmission id, time, webhook id and the CRC-32 of the body, with
 * the certificate at `PAYPAL-CERT-URL`. A CRC is not a cryptographic hash: an attacker who has one signed delivery can
 * make another body with the same CRC. If money depends on an event, fetch the resource from the API. The topic is
 * `event_type` (`PAYMENT.CAPTURE.COMPLETED`) and the id is `id`. PayPal retries 25 times over 3 days.
 * https://developer.paypal.com/api/rest/webhooks/rest/
 */
export const paypal: Factory<PaypalOptions> = /* @__PURE__ */ provider({
  name: 'paypal',
  title: 'PayPal',
  docs: 'https://developer.paypal.com/api/rest/webhooks/rest/',
  setup: {
    call: 'POST /v1/notifications/webhooks',
    place: "the app's settings, in Application management",
    secret: 'the Webhook ID that PayPal gives to the URL',
    docs: 'https://developer.paypal.com/api/rest/webhooks/rest',
  },
  topics: ['PAYMENT.CAPTURE.COMPLETED', 'CHECKOUT.ORDER.APPROVED', 'BILLING.SUBSCRIPTION.CREATED'],
  facts: {
    scheme: 'RSA-SHA256 of id, time, webhook id and the CRC-32 of the body, by certificate',
    place: { header: 'PAYPAL-TRANSMISSION-SIG' },
    example: { webhookId: '8PT597110X687430LKGECATA' },
    checked: '2026-11-28',
    delivers: {
      retries: 3 * DAY,
      after4xx: 'retried',
      ok: '2xx',
      source: 'https://developer.paypal.com/api/rest/webhooks/',
    },
  },
  options: {
    webhookId: 'The id of the webhook at PayPal.',
    certPem: 'PEM of the certificate, in place of fetching it.',
    ca: 'PEM of more authorities.',
    fetch: 'In place of the global fetch.',
    timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
    tolerance: 'Seconds the signed time may be away from now. Default 259200.',
  },
  secret: 'webhookId',
  covers: { body: 'bytes', id: true, timestamp: true },
  canSign: false,
  scheme(options) {
    const tolerance = toleranceOption(options.tolerance, (3 * DAY) / 1000)
    return signedByCertificate(
      {
        covers: { body: 'bytes', id: true, timestamp: true },
        at: { header: 'paypal-transmission-sig' },
        needs: ['paypal-transmission-sig', 'paypal-cert-url', 'paypal-auth-algo', ID, TIME],
        issuers: ['cacerts.digicert.com'],
        named: (name) => isPaypal(name.replace(/^\*\./, '')),
        read,
        message: (delivery, webhookId) =>
          [
            singleHeader(delivery, ID),
            singleHeader(delivery, TIME),
            webhookId,
            crc32(delivery.body),
          ].join('|'),
        check: (delivery, now) =>
          checkTimestamp(parseTimestamp(singleHeader(delivery, TIME), TIME, 'iso'), now, tolerance),
      },
      options,
    )
  },
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'event_type'), payload: value },
  ],
})

// Hosts in PayPal's documentation and in real deliveries.
// https://developer.paypal.com/api/rest/requests/#api-requests
const HOSTS = [
  'api.paypal.com',
  'api-m.paypal.com',
  'api.sandbox.paypal.com',
  'api-m.sandbox.paypal.com',
]
const ID = 'paypal-transmission-id'
const TIME = 'paypal-transmission-time'

function isPaypal(host: string): boolean {
  return /^(?:[a-z0-9-]+\.)*paypal\.com$/i.test(host)
}

function read(delivery: Delivery): CertificateClaim {
  const signature = singleHeader(delivery, 'paypal-transmission-sig')
  const url = singleHeader(delivery, 'paypal-cert-url')
  const algorithm = singleHeader(delivery, 'paypal-auth-algo')
  if (!Object.hasOwn(HASHES, algorithm))
    throw malformed({ header: 'paypal-auth-algo' }, Object.keys(HASHES).join(' or '))
  return { url, hosts: HOSTS, signature, hash: HASHES[algorithm as keyof typeof HASHES] }
}
