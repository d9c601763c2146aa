import {
  emptyReply,
  WebhookError,
  type Delivery,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  checkTimestamp,
  malformed,
  toleranceOption,
  fetchBounded,
  parseTimestamp,
} from '@postern/core/internal'
import type { EventDraft, Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { field, needed, text } from './common/read.ts'
import type { CertificateOptions } from './schemes/certificate/source.ts'
import { signedByCertificate, type CertificateClaim } from './schemes/certificate/certificate.ts'

/** Options of {@link awsSns}. */
export interface AwsSnsOptions extends CertificateOptions {
  /**
   * The ARN of the accepted SNS topic, or several ARNs. Any AWS customer can make SNS sign a message, so messages of
   * other topics are rejected.
   */
  readonly topicArn: SecretOption
  /**
   * `true` confirms subscriptions to the topics in `topicArn`. A function decides for each subscription. @default
   * false, so a request for confirmation becomes an event
   */
  readonly confirm?: boolean | ((message: unknown) => boolean | Promise<boolean>)
  /**
   * Maximum difference between the signed time and now, in seconds. @default 3600, since SNS retries for up to an hour
   */
  readonly tolerance?: number
}

// Allows the same regions as `regionRegex` in AWS's endpoints file (https://github.com/boto/botocore). With a region
// such as `s3`, the host `sns.<region>.amazonaws.com` could be an S3 bucket, which anybody can own.
const ARN_OF_REGION =
  /^arn:(aws|aws-cn|aws-us-gov):sns:((?:(?:us|eu|ap|sa|ca|me|af|il|mx)|cn|us-gov)-[a-z]+-\d+):\d{12}:/
// Hosts of Amazon's issuing certificates. https://www.amazontrust.com/repository/
const ISSUERS = ['r2m01', 'r2m02', 'r2m03', 'r2m04', 'rootca1', 'rootg2', 'sca1b'].map(
  (name) => `crt.${name}.amazontrust.com`,
)
const NAME = /^sns(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/
const CONFIRMATION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: CONFIRMATION,
  UnsubscribeConfirmation: CONFIRMATION,
}

/**
 * Amazon SNS over HTTPS. The signature is RSA (SHA-256, or SHA-1 for SignatureVersion 1) over fields of the body, with
 * the certificate at `SigningCertURL`. The topic is the ARN and the id is `MessageId`. Your application's own event is
 * the text in `Message`. Subscription and unsubscription confirmations have the topic `<ARN>:SubscriptionConfirmation`
 * or `<ARN>:UnsubscribeConfirmation`. The receiver confirms a subscription if `confirm` allows it. Deliveries in SNS's
 * "raw message delivery" are unsigned, so they are rejected. SNS expects a 2xx within 15 s. SNS retries 3 times in a
 * minute. With a delivery policy, SNS retries for up to an hour.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export const awsSns: Factory<AwsSnsOptions> = /* @__PURE__ */ provider({
  name: 'aws-sns',
  title: 'Amazon SNS',
  docs: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html',
  setup: {
    call: 'Subscribe of the SNS API, with Protocol https and Endpoint',
    secret: "the ARN of the topic, which isn't secret",
    docs: 'https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html',
  },
  topics: ['arn:aws:sns:us-east-1:123456789012:MyTopic'],
  handshakes: ['SubscriptionConfirmation'],
  facts: {
    scheme: 'RSA (SHA-256 or SHA-1) of fields of the body, base64, by certificate',
    place: { field: 'Signature' },
    example: { topicArn: 'arn:aws:sns:us-east-1:123456789012:example' },
    checked: '2026-11-26',
    delivers: { within: 15_000, retries: HOUR, redirect: 'failure', ok: '2xx' },
  },
  options: {
    topicArn: 'The ARN of the topic that may send.',
    confirm: 'true, or a function that decides: confirms subscriptions. Default false.',
    certPem: 'PEM of the certificate, in place of fetching it.',
    ca: 'PEM of more authorities.',
    fetch: 'In place of the global fetch.',
    timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
    tolerance: 'Seconds the signed time may be away from now. Default 3600.',
  },
  claims: 'x-amz-sns-message-id',
  reads: ['x-amz-sns-rawdelivery', 'x-amz-sns-message-type', 'x-amz-sns-topic-arn'],
  secret: 'topicArn',
  covers: { body: 'fields', id: true, timestamp: true },
  canSign: false,
  scheme(options) {
    const tolerance = toleranceOption(options.tolerance, 3600)
    if (!['boolean', 'function', 'undefined'].includes(typeof options.confirm))
      throw new TypeError('aws-sns: confirm must be true, false or a function')
    return signedByCertificate(
      {
        covers: { body: 'fields', id: true, timestamp: true },
        at: { field: 'Signature' },
        path: /\.pem$/,
        issuers: ISSUERS,
        // If the app gives the certificate itself, the name in the certificate is not checked.
        named: options.certPem === undefined ? (name) => NAME.test(name) : undefined,
        read,
        message: (delivery, arn) => signedText(delivery.json(), arn),
        check: (delivery, now) =>
          checkTimestamp(
            timeOf(needed(delivery.json(), 'Timestamp', 'malformed_event')),
            now,
            tolerance,
          ),
      },
      options,
    )
  },
  handshake: (delivery, _body, _verified, options) => confirmed(delivery.json(), options),
  events: (delivery) => [eventOf(delivery.json())],
})

function read(delivery: Delivery): CertificateClaim {
  if (delivery.header('x-amz-sns-rawdelivery') === 'true')
    throw new WebhookError('missing_header', {
      problem: 'unsigned',
      header: 'x-amz-sns-rawdelivery',
      remedy: 'switch raw message delivery off',
    })
  const message = delivery.json()
  const version = field(message, 'SignatureVersion')
  const signature = text(message, 'Signature')
  // In a message that has passed through Lambda, the name of this field ends with `Url`.
  const url = text(message, 'SigningCertURL') ?? text(message, 'SigningCertUrl')
  if (signature === undefined || url === undefined)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      field: 'Signature',
      expected: 'Signature and SigningCertURL',
    })
  if (version !== '1' && version !== '2') throw malformed({ field: 'SignatureVersion' }, '1 or 2')
  const hosts = hostsOf(text(message, 'TopicArn'))
  return { url, hosts, signature, hash: version === '1' ? 'sha1' : 'sha256' }
}

/** Returns the host that has the signing certificates of the topic's region, or no host if the ARN names no region. */
function hostsOf(arn: string | undefined): readonly string[] {
  const [, partition, region] = ARN_OF_REGION.exec(arn ?? '') ?? []
  if (region === undefined) return []
  return [`sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`]
}

function signedText(message: unknown, arn: string): string | undefined {
  if (text(message, 'TopicArn') !== arn) return undefined
  const type = text(message, 'Type') ?? ''
  if (!Object.hasOwn(FIELDS, type))
    throw malformed({ field: 'Type' }, Object.keys(FIELDS).join(' or '))
  return FIELDS[type]!.filter((name) => (field(message, name) ?? undefined) !== undefined)
    .map((name) => {
      const value = field(message, name)
      // A line break ends a signed field. In a field other than Message, a line break would let an attacker move text
      // between fields.
      if (typeof value !== 'string' || (name !== 'Message' && /[\r\n]/.test(value)))
        throw malformed({ field: name }, 'a text of one line')
      return `${name}\n${value}\n`
    })
    .join('')
}

function timeOf(timestamp: string): number {
  return parseTimestamp(timestamp, 'Timestamp (of the body)', 'iso')
}

function eventOf(message: unknown): EventDraft {
  const type = needed(message, 'Type')
  const arn = needed(message, 'TopicArn', 'malformed_event')
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
    throw new WebhookError('handshake_rejected', {
      problem: 'unexpected',
      field: 'SubscribeURL',
      option: 'confirm',
    })
  const url = URL.canParse(needed(message, 'SubscribeURL', 'malformed_event'))
    ? new URL(needed(message, 'SubscribeURL', 'malformed_event'))
    : undefined
  const hosts = hostsOf(text(message, 'TopicArn'))
  if (url?.protocol !== 'https:' || url.port !== '' || !hosts.includes(url.hostname))
    throw new WebhookError('handshake_rejected', {
      problem: 'not_allowed',
      field: 'SubscribeURL',
      expected: 'a URL of SNS',
    })
  await fetchBounded(url.href, options)
  return emptyReply()
}
