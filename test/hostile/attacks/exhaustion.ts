import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Provider } from '@postern/core/scheme'
import {
  awsSns,
  generic,
  github,
  mailgun,
  mandrill,
  plaid,
  postmark,
  rfc9421,
  slack,
  standardWebhooks,
} from '@postern/providers'
import { REJECTED, type HostileCase, type Wire } from '../case.ts'
import { attack, NOW, plain, rejected, taken, URL_OF_ALL } from './sign.ts'

const KEY = 'a-secret-nobody-knows'
const MIB = 1024 * 1024

/** A request without a valid signature costs only its bytes on the wire, and does not block others. */
export function exhaustion(): readonly HostileCase[] {
  return [...bombs(), ...heads(), ...hostNames(), ...keys(), ...certificates()]
}

function bombs(): readonly HostileCase[] {
  const plainText = Buffer.alloc(8 * MIB, 0x61)
  const coded = {
    br: brotliCompressSync(plainText),
    gzip: gzipSync(plainText),
    deflate: deflateSync(plainText),
  }
  const senders: Readonly<Record<string, () => Provider>> = {
    mailgun: () => mailgun({ signingKey: KEY }),
    mandrill: () => mandrill({ webhookKey: KEY }),
    slack: () => slack({ signingSecret: KEY }),
    'aws-sns': () => awsSns({ topicArn: 'arn:aws:sns:us-east-1:123456789012:a' }),
    github: () => github({ secret: KEY }),
  }
  return Object.entries(senders).flatMap(([name, provider]) =>
    Object.entries(coded).map(([coding, body]) =>
      attack('bomb', `${name}: ${body.byteLength} bytes of ${coding}`, provider, [
        rejected(
          plain('POST', URL_OF_ALL, body, { 'content-encoding': coding }),
          415,
          'unsupported_encoding',
        ),
      ]),
    ),
  )
}

function heads(): readonly HostileCase[] {
  const declared = (length: number, headers: Record<string, string> = {}): Wire => ({
    ...plain('POST', URL_OF_ALL, '', { 'content-length': String(length), ...headers }),
    headAlone: true,
  })
  const ofPostmark = (): Provider => postmark({ credentials: 'user:password-of-postmark' })
  const ofGithub = (): Provider => github({ secret: KEY })
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  return [
    attack('head', 'postmark: 49 MiB without credentials', ofPostmark, [
      rejected(declared(49 * MIB), 401),
    ]),
    attack('head', 'postmark: 49 MiB with another password', ofPostmark, [
      rejected(declared(49 * MIB, { authorization: basic('user:wrong') }), 401),
    ]),
    attack('head', 'github: 25 MiB without a signature', ofGithub, [
      rejected(declared(25 * MIB), 401, 'missing_header'),
    ]),
    attack('head', 'github: more than its limit', ofGithub, [
      rejected(declared(26 * MIB), 413, 'body_too_large'),
    ]),
    attack('head', 'github: a coding, before the body', ofGithub, [
      rejected(declared(1000, { 'content-encoding': 'br' }), 415, 'unsupported_encoding'),
    ]),
    attack('head', 'github: another method, before the body', ofGithub, [
      rejected({ ...declared(1000), method: 'PUT' }, 405, 'method_not_allowed'),
    ]),
    attack('head', 'slack: a greeting of a mebibyte', () => slack({ signingSecret: KEY }), [
      rejected(declared(MIB), 401, 'missing_header'),
    ]),
    attack(
      'head',
      'rfc9421: spaces, and components that name them',
      () => rfc9421({ secret: KEY }),
      [
        {
          wire: plain('POST', URL_OF_ALL, '{}', {
            'x-a': `a${' '.repeat(10_000)}b`,
            'signature-input': `sig=(${'"x-a" '.repeat(90)});created=${NOW / 1000};keyid="a"`,
            signature: `sig=:${Buffer.alloc(32).toString('base64')}:`,
          }),
          status: [400, 401],
        },
      ],
    ),
    attack(
      'head',
      'v1a: keys times signatures',
      () => standardWebhooks({ secret: [`whsec_${Buffer.alloc(32, 1).toString('base64')}`] }),
      [
        rejected(
          plain('POST', URL_OF_ALL, '{}', {
            'webhook-id': 'a',
            'webhook-timestamp': String(NOW / 1000),
            'webhook-signature': `v1a,${'A'.repeat(86)}== `.repeat(120),
          }),
          401,
        ),
      ],
    ),
  ]
}

function hostNames(): readonly HostileCase[] {
  const provider = (): Provider =>
    generic({ name: 'acme', secret: KEY, scheme: 'hmac', header: 'x-acme' })
  const wireOnly = {
    fetch: 'a Request has no such URL',
    next: 'a Request has no such URL',
  }
  return [
    ...['[', 'a b', '[::1', 'a:99999', '%zz'].map((host) =>
      attack(
        'host',
        `Host: ${host}`,
        provider,
        [
          {
            wire: { ...plain('POST', 'https://example.com/hook', '{}'), headers: [['host', host]] },
            status: [400, 401],
          },
        ],
        [],
        { without: wireOnly },
      ),
    ),
    attack('host', 'a prefix of 10,000 slashes', provider, [
      rejected(plain('POST', URL_OF_ALL, '{}', { 'x-forwarded-prefix': '/'.repeat(10_000) }), 401),
    ]),
    attack('host', 'a form of five mebibytes in a legacy charset', provider, [
      {
        wire: plain('POST', URL_OF_ALL, Buffer.alloc(5 * MIB, 0x2b), {
          'content-type': 'application/x-www-form-urlencoded; charset=shift_jis',
        }),
        status: [401, 413],
      },
    ]),
  ]
}

// Made-up key ids must not prevent the receiver from fetching the real key.
function keys(): readonly HostileCase[] {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'real', alg: 'ES256', use: 'sig' }
  let asked = 0
  const fetched = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    asked++
    const real = String(init?.body).includes('"real"')
    return Response.json(real ? { key: jwk } : { error: 'INVALID' }, { status: real ? 200 : 400 })
  }
  const body = '{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"1"}'
  const digest = createHash('sha256').update(body).digest('hex')
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = (kid: string): Wire => {
    const claims = { iat: NOW / 1000, request_body_sha256: digest }
    const text = `${part({ alg: 'ES256', kid, typ: 'JWT' })}.${part(claims)}`
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    const signature = sign('sha256', Buffer.from(text), key).toString('base64url')
    return plain('POST', URL_OF_ALL, body, { 'plaid-verification': `${text}.${signature}` })
  }
  const provider = (): Provider => plaid({ clientId: 'c', secret: 's-of-plaid', fetch: fetched })
  const made = Array.from({ length: 60 }, (_, at) => ({
    wire: signed(`made-up-${at}`),
    status: [401, 503],
  }))
  const after = (): string | undefined => {
    const count = asked
    asked = 0
    return count > 60 ? `${count} keys were asked for` : undefined
  }
  return [
    attack(
      'outgoing',
      'Plaid: made-up key ids after a genuine delivery',
      provider,
      [taken(signed('real')), ...made, taken(signed('real'))],
      [],
      { after, sameAsFirst: true },
    ),
    attack(
      'outgoing',
      'Plaid: made-up key ids before a genuine delivery make it wait, and never reject it',
      provider,
      [...made, { wire: signed('real'), status: [200, 503] }],
      [{ topic: 'ITEM.ERROR', payload: JSON.parse(body) as unknown }],
      { after, orNone: true },
    ),
  ]
}

// The receiver fetches no certificate for a foreign topic, and none from another host.
function certificates(): readonly HostileCase[] {
  let fetches = 0
  const provider = (): Provider =>
    awsSns({
      topicArn: 'arn:aws:sns:us-east-1:123456789012:mine',
      fetch: async () => {
        fetches++
        return new Response('no certificate', { status: 404 })
      },
    })
  const message = (arn: string, url: string): Wire =>
    plain(
      'POST',
      URL_OF_ALL,
      JSON.stringify({
        Type: 'Notification',
        MessageId: crypto.randomUUID(),
        TopicArn: arn,
        Message: 'x',
        Timestamp: new Date(NOW).toISOString(),
        SignatureVersion: '2',
        Signature: Buffer.alloc(256).toString('base64'),
        SigningCertURL: url,
      }),
    )
  const cert = (at: number): string =>
    `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-${String(at).padStart(32, '0')}.pem`
  const foreign = 'arn:aws:sns:us-east-1:999999999999:theirs'
  const mine = 'arn:aws:sns:us-east-1:123456789012:mine'
  const none = (most: number) => (): string | undefined => {
    const count = fetches
    fetches = 0
    return count > most ? `${count} certificates were fetched` : undefined
  }
  return [
    attack(
      'outgoing',
      'SNS: a foreign topic has no certificate fetched',
      provider,
      Array.from({ length: 20 }, (_, at) => ({
        wire: message(foreign, cert(at)),
        status: [401],
      })),
      [],
      { after: none(0) },
    ),
    attack(
      'outgoing',
      'SNS: made-up certificates of the right host are fetched some times a minute',
      provider,
      Array.from({ length: 120 }, (_, at) => ({
        wire: message(mine, cert(at)),
        status: [401, 503],
      })),
      [],
      { after: none(60) },
    ),
    ...[
      'http://sns.us-east-1.amazonaws.com/a.pem',
      'https://sns.us-east-1.amazonaws.com.evil.example/a.pem',
      'https://evil.example/sns.us-east-1.amazonaws.com/a.pem',
      'https://sns.us-east-1.amazonaws.com@evil.example/a.pem',
      'https://127.0.0.1/a.pem',
      'file:///etc/passwd',
      'javascript:0',
      '',
    ].map((url) =>
      attack(
        'outgoing',
        `SNS: a certificate at ${url === '' ? 'nothing' : url}`,
        provider,
        [{ wire: message(mine, url), status: REJECTED }],
        [],
        { after: none(0) },
      ),
    ),
    attack('outgoing', 'SNS: a type that SNS does not have', provider, [
      rejected(
        plain(
          'POST',
          URL_OF_ALL,
          '{"Type":"Evil","TopicArn":"arn:aws:sns:us-east-1:123456789012:mine"}',
        ),
        401,
      ),
    ]),
  ]
}
