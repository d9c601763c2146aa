import {
  emptyReply,
  WebhookError,
  type Delivery,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  checkTimestamp,
  defineProvider,
  malformed,
  toleranceOption,
  type EventDraft,
  type Provider,
} from '@postern/core/scheme'
import { signedByCertificate, type CertificateClaim } from './schemes/certificate.ts'
import type { CertificateOptions } from './schemes/certificate-options.ts'
import { fetchBounded } from './schemes/fetch-bounded.ts'
import { HOUR } from './common/entry.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link awsSns}. */
export interface AwsSnsOptions extends CertificateOptions {
  /** The ARN of the topic that may send; several, where one route serves them. Any AWS customer can have SNS sign. */
  readonly topicArn: SecretOption
  /** `true` confirms subscriptions of these topics; a function decides for each. @default false: they become events */
  readonly confirm?: boolean | ((message: unknown) => boolean | Promise<boolean>)
  /** Seconds the signed time may be away from now; SNS names no window and retries for an hour at most. @default 3600 */
  readonly tolerance?: number
}

const HOST = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/
const NAME = /^sns(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/
export const DOCS = 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html'
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const CONFIRMATION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]

/**
 * Amazon SNS over HTTPS. RSA (SHA-256, or SHA-1 of SignatureVersion 1) over fields of the body, with the certificate at
 * `SigningCertURL`. The topic is the ARN, the id `MessageId`; the application's own event is the text in `Message`.
 * Subscription and unsubscription confirmations have the topic `<ARN>:SubscriptionConfirmation`, and the first is
 * confirmed by the receiver where `confirm` says so. Raw message delivery is unsigned and refused. SNS wants its 2xx
 * within 15 s and retries 3 times in a minute unless a delivery policy says more, an hour at most.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export function awsSns<Events extends EventMap = EventMap>(
  options: AwsSnsOptions,
): Provider<Events> {
  const tolerance = toleranceOption(options.tolerance, 3600)
  if (!['boolean', 'function', 'undefined'].includes(typeof options.confirm))
    throw new TypeError('aws-sns: confirm must be true, false or a function')
  const scheme = signedByCertificate(
    {
      covers: { body: 'fields', id: true, timestamp: true },
      place: 'Signature',
      allowed: ({ hostname, pathname }) => HOST.test(hostname) && pathname.endsWith('.pem'),
      // A given certificate is trusted whatever its name.
      named: options.certPem === undefined ? (name) => NAME.test(name) : undefined,
      read,
      message: (delivery, arn) => signedText(delivery.json(), arn),
      check: (delivery, now) =>
        checkTimestamp(Date.parse(needed(delivery.json(), 'Timestamp')), now, tolerance),
    },
    options,
  )
  return defineProvider<Events, string>({
    name: 'aws-sns',
    auth: { scheme, secret: options.topicArn, option: 'topicArn' },
    retrySpan: HOUR,
    failsOnRedirect: true,
    handshake: (delivery) => confirmed(delivery.json(), options),
    events: (delivery) => [eventOf(delivery.json())],
  })
}

function read(delivery: Delivery): CertificateClaim {
  if (delivery.header('x-amz-sns-rawdelivery') === 'true')
    throw new WebhookError('missing_header', 'raw message delivery is unsigned: switch it off')
  const message = delivery.json()
  const version = field(message, 'SignatureVersion')
  const signature = text(message, 'Signature')
  // The second spelling is that of messages that went through Lambda.
  const url = text(message, 'SigningCertURL') ?? text(message, 'SigningCertUrl')
  if (signature === undefined || url === undefined)
    throw new WebhookError('missing_header', 'the body has no Signature with a SigningCertURL')
  if (version !== '1' && version !== '2') throw malformed('SignatureVersion', '1 or 2')
  return { url, signature, hash: version === '1' ? 'sha1' : 'sha256' }
}

function signedText(message: unknown, arn: string): string | undefined {
  if (text(message, 'TopicArn') !== arn) return undefined
  const names = field(message, 'Type') === 'Notification' ? NOTIFICATION : CONFIRMATION
  return names
    .filter((name) => (field(message, name) ?? undefined) !== undefined)
    .map((name) => {
      const value = field(message, name)
      // What is no text is not signed, and must not pass for what is.
      if (typeof value !== 'string') throw malformed(name, 'a text')
      return `${name}\n${value}\n`
    })
    .join('')
}

function eventOf(message: unknown): EventDraft {
  const type = needed(message, 'Type')
  const arn = needed(message, 'TopicArn')
  const { Signature: _, SigningCertURL: __, ...payload } = message as Record<string, unknown>
  const id = text(message, 'MessageId')
  return type === 'Notification'
    ? { id, topic: arn, payload }
    : { id, topic: `${arn}:${type}`, aliases: [type], payload }
}

async function confirmed(message: unknown, options: AwsSnsOptions): Promise<Reply | undefined> {
  const { confirm = false } = options
  if (field(message, 'Type') !== 'SubscriptionConfirmation' || confirm === false) return undefined
  if (confirm !== true && !(await confirm(message)))
    throw new WebhookError('handshake_refused', 'confirm refused the subscription')
  const url = URL.canParse(needed(message, 'SubscribeURL'))
    ? new URL(needed(message, 'SubscribeURL'))
    : undefined
  if (url?.protocol !== 'https:' || url.port !== '' || !HOST.test(url.hostname))
    throw new WebhookError('handshake_refused', 'SubscribeURL is not at SNS')
  await fetchBounded(url.href, options)
  return emptyReply()
}
