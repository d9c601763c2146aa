import type { DeliveryInit } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { awsSns } from '@postern/providers/aws-sns'
import { paypal } from '@postern/providers/paypal'
import { vectors } from '../../../packages/providers/test/vectors.ts'
import * as sns from '../../../packages/providers/test/schemes/sns.ts'
import { onEach, takingAll } from './inboxes.ts'
import type { RulePart } from './rule.ts'

/** URLs in a certificate that anyone can create. The receiver must not request them. */
const ISSUERS = [
  'http://127.0.0.1/',
  'http://127.0.0.1:6379/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://10.0.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://168.63.129.16/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://metadata.google.internal/',
  'http://localhost/',
  'http://app.localhost/',
  'http://printer.local/',
  'http://redis:6379/',
  'http://redis/',
  'http://user:password@issuer.example/',
  'https://issuer.example:8443/',
]

/** Hosts that resemble the provider's hosts, and that anyone can register. */
const SNS_HOSTS = [
  'sns.s3-us-west-2.amazonaws.com',
  'sns.s3.amazonaws.com',
  'sns.s3-website-us-east-1.amazonaws.com',
  'sns.us-east-1.amazonaws.com.evil.example',
  'sns.us-east-1.amazonaws.com.cn',
  'sns.cn-north-1.amazonaws.com',
  'sns.eu-west-1.amazonaws.com',
  'sns.us-east-1.amazonaws.co',
  'asns.us-east-1.amazonaws.com',
  'sns.us-east-1.amazonaws.com.',
  'sns.elb.amazonaws.com',
  '127.0.0.1',
]
const PAYPAL_HOSTS = [
  'api.paypal.com.evil.example',
  'evil.paypal.com',
  'xapi.paypal.com',
  'paypal.com',
  'api.paypal.com.',
  'api.paypal.co',
  'www.paypal.com',
]

/** Delivery that names a URL, and the URLs that the receiver may request for it. */
interface Naming {
  readonly name: string
  readonly sender: string
  readonly provider: (asked: (url: string) => Response) => Provider
  /** Response of the allowed URLs. */
  readonly certificate: string
  readonly delivery: () => DeliveryInit
  readonly may: readonly string[]
}

const NAMINGS: readonly Naming[] = [
  ...ISSUERS.map((issuerUrl): Naming => ({
    ...ofSns(sns.made({ issuerUrl })),
    name: `the issuer ${issuerUrl}`,
    delivery: () => ({ url: 'https://example.com/sns', body: sns.message() }),
    may: [sns.URL_OF_LEAF],
  })),
  ...SNS_HOSTS.map((host): Naming => ({
    ...ofSns(sns.chainPem),
    name: `the certificate at ${host}`,
    delivery: () => ({
      url: 'https://example.com/sns',
      body: sns.message({ SigningCertURL: `https://${host}/leaf.pem` }),
    }),
    may: [],
  })),
  ...SNS_HOSTS.map((host): Naming => ({
    ...ofSns(sns.chainPem),
    name: `the subscription at ${host}`,
    delivery: () => ({
      url: 'https://example.com/sns',
      body: sns.message({
        Type: 'SubscriptionConfirmation',
        Token: 'a',
        SubscribeURL: `https://${host}/?Action=ConfirmSubscription`,
      }),
    }),
    may: [sns.URL_OF_LEAF],
  })),
  ...PAYPAL_HOSTS.map((host): Naming => ({
    name: `the certificate at ${host}`,
    sender: 'paypal',
    certificate: '',
    provider: (asked) => paypal({ webhookId: 'a', fetch: async (url) => asked(url) }),
    delivery: () => {
      const { url, headers, bodyBase64 } = vectors('paypal')[0]!
      const body = Buffer.from(bodyBase64, 'base64')
      const named = { ...headers, 'paypal-cert-url': `https://${host}/v1/notifications/certs/a` }
      return { url, headers: named, body }
    },
    may: [],
  })),
]

export const named: RulePart = {
  rule: '12',
  title: 'a stranger names no place that is fetched',
  // Core decides which URLs are requested, so the other inboxes play only some of the cases.
  open: (inboxes, every) =>
    onEach(inboxes, (inbox, kind, own) =>
      NAMINGS.filter((_, at) => every || kind === 'memory' || at % 10 === 0).map((naming) => ({
        name: naming.name,
        at: 'receive',
        sender: naming.sender,
        run: () => tried(naming, inbox, own()),
      })),
    ),
}

async function tried(naming: Naming, inbox: Inbox, name: string) {
  const asked: string[] = []
  const provider = naming.provider((url) => {
    asked.push(url)
    return new Response(naming.may.includes(url) ? naming.certificate : 'no certificate')
  })
  const receiver = takingAll({ provider, inbox, name, clock: { now: () => NOW } })
  const { status } = await receiver.receive(naming.delivery())
  await receiver.close()
  const strange = asked.filter((url) => !naming.may.includes(url))
  if (strange.length > 0) return `${strange.join(', ')} was asked`
  return status >= 400 ? undefined : `the delivery got ${status}`
}

const NOW = Date.parse('2026-04-01T00:00:00Z')

function ofSns(certificate: string): Pick<Naming, 'sender' | 'provider' | 'certificate'> {
  return {
    sender: 'aws-sns',
    certificate,
    provider: (asked) =>
      awsSns({
        topicArn: sns.ARN,
        ca: sns.rootPem,
        confirm: true,
        fetch: async (url) => asked(url),
      }),
  }
}
