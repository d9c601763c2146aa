import { crc32 } from 'node:zlib'
import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  checkTimestamp,
  defineProvider,
  malformed,
  singleHeader,
  toleranceOption,
  type Provider,
} from '@postern/core/scheme'
import { signedByCertificate, type CertificateClaim } from './schemes/certificate.ts'
import type { CertificateOptions } from './schemes/certificate-options.ts'
import { DAY } from './common/entry.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link paypal}. */
export interface PaypalOptions extends CertificateOptions {
  /** The id of the webhook at PayPal: part of what is signed, so that only your listener's deliveries count. */
  readonly webhookId: SecretOption
  /** Seconds the signed time may be away from now; PayPal names no window and retries for 3 days. @default 259200 */
  readonly tolerance?: number
}

const HASHES = { SHA256withRSA: 'sha256', SHA1withRSA: 'sha1' } as const

/**
 * PayPal REST webhooks. RSA over transmission id, time, webhook id and the CRC-32 of the body, with the certificate at
 * `PAYPAL-CERT-URL`. A CRC is no hash: who holds one signed delivery can make another body with its CRC, so fetch the
 * resource again where money depends on it. Topic is `event_type` (`PAYMENT.CAPTURE.COMPLETED`), id is `id`. PayPal retries
 * 25 times over 3 days.
 * https://developer.paypal.com/api/rest/webhooks/rest/
 */
export function paypal<Events extends EventMap = EventMap>(
  options: PaypalOptions,
): Provider<Events> {
  const tolerance = toleranceOption(options.tolerance, (3 * DAY) / 1000)
  const paypalHost = (host: string): boolean => /^(?:[a-z0-9-]+\.)*paypal\.com$/i.test(host)
  const scheme = signedByCertificate(
    {
      covers: { body: 'bytes', id: true, timestamp: true },
      place: 'paypal-transmission-sig',
      allowed: ({ hostname }) => paypalHost(hostname),
      named: (name) => paypalHost(name.replace(/^\*\./, '')),
      read,
      message: (delivery, webhookId) =>
        [
          singleHeader(delivery, 'paypal-transmission-id'),
          singleHeader(delivery, 'paypal-transmission-time'),
          webhookId,
          crc32(delivery.body),
        ].join('|'),
      check(delivery, now) {
        const time = Date.parse(singleHeader(delivery, 'paypal-transmission-time'))
        if (Number.isNaN(time)) throw malformed('paypal-transmission-time', 'a time of RFC 3339')
        checkTimestamp(time, now, tolerance)
      },
    },
    options,
  )
  return defineProvider<Events, string>({
    name: 'paypal',
    auth: { scheme, secret: options.webhookId, option: 'webhookId' },
    retrySpan: 3 * DAY,
    events: (_delivery, { value }) => [
      { id: text(value, 'id'), topic: needed(value, 'event_type'), payload: value },
    ],
  })
}

function read(delivery: Delivery): CertificateClaim {
  const signature = singleHeader(delivery, 'paypal-transmission-sig')
  const url = singleHeader(delivery, 'paypal-cert-url')
  const algorithm = singleHeader(delivery, 'paypal-auth-algo')
  if (!Object.hasOwn(HASHES, algorithm))
    throw malformed('paypal-auth-algo', Object.keys(HASHES).join(' or '))
  return { url, signature, hash: HASHES[algorithm as keyof typeof HASHES] }
}
