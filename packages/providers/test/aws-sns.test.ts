import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { awsSns } from '../src/aws-sns.ts'
import { deliver } from './deliver.ts'
import { certificate } from './schemes/certificate/certificates.ts'

const NOW = Date.parse('2026-04-01T00:00:00Z')
const url = 'https://example.com/sns'
const ARN = 'arn:aws:sns:us-east-1:123456789012:MyTopic'
const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certPem = certificate({
  subject: 'sns.amazonaws.com',
  issuer: 'sns.amazonaws.com',
  publicKey: key.publicKey,
  signedBy: key.privateKey,
})

const FIELDS = [
  'Message',
  'MessageId',
  'Subject',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]

function textOf(message: Readonly<Record<string, string>>): string {
  return FIELDS.filter((name) => message[name] !== undefined)
    .map((name) => `${name}\n${message[name]!}\n`)
    .join('')
}

function signed(fields: Readonly<Record<string, string>>, as = fields): string {
  const sent = {
    Message: 'hi',
    MessageId: 'm1',
    Timestamp: new Date(NOW).toISOString(),
    TopicArn: ARN,
    Type: 'Notification',
  }
  const text = textOf({ ...sent, ...as })
  return JSON.stringify({
    ...sent,
    ...fields,
    SignatureVersion: '2',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/a.pem',
    Signature: sign('sha256', Buffer.from(text), key.privateKey).toString('base64'),
  })
}

async function statusOf(
  body: string,
): Promise<readonly [status: number, topics: readonly string[]]> {
  const provider = awsSns({ topicArn: ARN, certPem })
  const { statuses, events } = await deliver(provider, [{ url, body }], NOW)
  return [statuses[0]!, events.map(({ topic }) => topic)]
}

describe('aws-sns', () => {
  test('takes what was signed', async () => {
    expect(await statusOf(signed({}))).toEqual([200, [ARN]])
    expect((await statusOf(signed({ Subject: 'a', Message: 'b\nc' })))[0]).toBe(200)
  })

  test('a message that is cut at its line breaks is rejected', async () => {
    const captured = { Message: 'hi\nMessageId\nchosen\nSubject\nx', MessageId: 'm1' }
    const cut = { Message: 'hi', MessageId: 'chosen', Subject: 'x\nMessageId\nm1' }
    expect((await statusOf(signed(captured)))[0]).toBe(200)
    expect(await statusOf(signed(cut, captured))).toEqual([401, []])
    const whole = { Message: 'hi', MessageId: 'chosen\nSubject\nx\nMessageId\nm1' }
    expect(await statusOf(signed(whole, captured))).toEqual([401, []])
  })

  test.each([{ Timestamp: 'NOT A DATE' }, { Timestamp: '2026' }, { Type: 'Other' }, { Type: '' }])(
    '%o is no message',
    async (fields) => {
      const [status, topics] = await statusOf(signed(fields as Record<string, string>))
      expect([status >= 400 && status < 500, topics]).toEqual([true, []])
    },
  )

  test('nothing is fetched for a topic of others, and few certificates for strangers', async () => {
    const fetched: string[] = []
    const provider = awsSns({
      topicArn: ARN,
      fetch: async (url) => {
        fetched.push(url)
        return new Response('no certificate')
      },
    })
    const send = async (body: string): Promise<number> =>
      (await deliver(provider, [{ url, body }], NOW)).statuses[0]!
    expect(await send(signed({ TopicArn: `${ARN}2` }))).toBe(401)
    expect(fetched).toEqual([])
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        send(signed({}).replace('a.pem', `made-up-${at}.pem`)),
      ),
    )
    expect(fetched.length).toBeLessThanOrEqual(30)
    // A delivery whose certificate was not fetched gets 503, so that SNS sends it again, and never 401.
    expect(new Set(statuses)).toEqual(new Set([401, 503]))
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(170)
  })
})
