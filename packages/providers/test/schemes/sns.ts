import { generateKeyPairSync, sign } from 'node:crypto'
import { awsSns, type AwsSnsOptions } from '../../src/aws-sns.ts'
import { deliver } from '../deliver.ts'
import { certificate, type CertificateSpec } from './certificate/certificates.ts'

const NOW = Date.parse('2026-04-01T00:00:00Z')
export const ARN = 'arn:aws:sns:us-east-1:123456789012:MyTopic'
export const URL_OF_LEAF = 'https://sns.us-east-1.amazonaws.com/leaf.pem'

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
export const [root, leaf] = [rsa(), rsa()]
const middle = rsa()

export function made(spec: Partial<CertificateSpec>): string {
  return certificate({
    subject: 'sns.amazonaws.com',
    issuer: 'middle',
    publicKey: leaf.publicKey,
    signedBy: middle.privateKey,
    ...spec,
  })
}

export const rootPem = made({
  subject: 'root',
  issuer: 'root',
  publicKey: root.publicKey,
  signedBy: root.privateKey,
  ca: true,
})
export const middleSpec = {
  subject: 'middle',
  issuer: 'root',
  publicKey: middle.publicKey,
  signedBy: root.privateKey,
  ca: true,
}
export const middlePem = made(middleSpec)
export const chainPem = made({}) + middlePem

export function message(fields: object = {}): string {
  const values: Record<string, string> = {
    Message: 'hi',
    MessageId: crypto.randomUUID(),
    Timestamp: new Date(NOW).toISOString(),
    TopicArn: ARN,
    Type: 'Notification',
    ...fields,
  }
  const signed = Object.keys(values)
    .filter((name) => name !== 'SigningCertURL')
    .toSorted()
    .map((name) => `${name}\n${values[name]!}\n`)
    .join('')
  const Signature = sign('sha256', Buffer.from(signed), leaf.privateKey).toString('base64')
  return JSON.stringify({
    SigningCertURL: URL_OF_LEAF,
    ...values,
    SignatureVersion: '2',
    Signature,
  })
}

export function sns(
  files: Record<string, string | (() => Response)>,
  options: Partial<AwsSnsOptions> = {},
) {
  const fetched: string[] = []
  let now = NOW
  const provider = awsSns({
    topicArn: ARN,
    ca: rootPem,
    fetch: async (url) => {
      fetched.push(url)
      const file = files[url]
      if (file === undefined) throw new TypeError('fetch failed')
      return typeof file === 'string' ? new Response(file) : file()
    },
    ...options,
  })
  const topics: string[] = []
  const send = async (body: string = message()): Promise<number> => {
    const delivered = await deliver(provider, [{ url: 'https://example.com/sns', body }], now)
    topics.push(...delivered.events.map(({ topic }) => topic))
    return delivered.statuses[0]!
  }
  return { send, fetched, topics, later: (ms: number) => void (now += ms) }
}
