import { expect, test } from 'vitest'
import {
  ARN,
  URL_OF_LEAF,
  root,
  middleSpec,
  leaf,
  made,
  middlePem,
  chainPem,
  message,
  sns,
} from '../sns.ts'

test('a certificate is fetched once, also for deliveries that come at the same time', async () => {
  const { send, fetched } = sns({ [URL_OF_LEAF]: chainPem })
  expect(await Promise.all([send(), send(), send()])).toEqual([200, 200, 200])
  expect(await send()).toBe(200)
  expect(fetched).toEqual([URL_OF_LEAF])
})

test('an issuer that was not sent along is fetched from where the certificate says', async () => {
  const issuerUrl = 'http://crt.example/middle.cer'
  const { send, fetched } = sns({ [URL_OF_LEAF]: made({ issuerUrl }), [issuerUrl]: middlePem })
  expect(await send()).toBe(200)
  expect(fetched).toEqual([URL_OF_LEAF, issuerUrl])
})

test.each([
  ['of nobody we know', made({ issuer: 'sns.amazonaws.com', signedBy: leaf.privateKey, ca: true })],
  ['without its issuer', made({})],
  ['whose issuer has the name and not the key', made({ signedBy: leaf.privateKey }) + middlePem],
  ['of an issuer that is no authority', made({}) + made({ ...middleSpec, ca: false })],
  ['that has expired', made({ to: '20260331235959Z' }) + middlePem],
  ['that is not valid yet', made({ from: '20260401000001Z' }) + middlePem],
  ['whose issuer has expired', made({}) + made({ ...middleSpec, to: '20260331235959Z' })],
  ['for another name', made({ subject: 'sns.evil.example' }) + middlePem],
  [
    'for a name that only begins so',
    made({ subject: 'sns.amazonaws.com.evil.example' }) + middlePem,
  ],
  ['of another key', made({ publicKey: root.publicKey }) + middlePem],
  ['that is invalid', 'hello'],
])('a certificate %s is rejected', async (_, pem) => {
  const { send, topics } = sns({ [URL_OF_LEAF]: pem })
  expect(await send()).toBe(401)
  expect(topics).toEqual([])
})

test('a name among the alternative ones counts', async () => {
  const { send } = sns({
    [URL_OF_LEAF]: made({ subject: 'x', dns: 'sns.amazonaws.com' }) + middlePem,
  })
  expect(await send()).toBe(200)
})

test('it stops counting when it expires, while it is kept', async () => {
  const { send, later } = sns(
    { [URL_OF_LEAF]: made({ to: '20260401000100Z' }) + middlePem },
    { tolerance: 3600 },
  )
  expect(await send()).toBe(200)
  later(61_000)
  expect(await send()).toBe(401)
})

test.each([
  'http://sns.us-east-1.amazonaws.com/leaf.pem',
  'https://sns.us-east-1.amazonaws.com:8443/leaf.pem',
  'https://user@sns.us-east-1.amazonaws.com/leaf.pem',
  'https://sns.us-east-1.amazonaws.com.evil.example/leaf.pem',
  'https://evil.s3.amazonaws.com/leaf.pem',
  'https://sns.us-east-1.amazonaws.com/leaf.txt',
  'https://sns.us-east-1.amazonaws.com@evil.example/leaf.pem',
  'file:///etc/passwd.pem',
  'nonsense',
])('nothing is fetched from %s', async (SigningCertURL) => {
  const { send, fetched } = sns({ [SigningCertURL]: chainPem })
  expect(await send(message({ SigningCertURL }))).toBe(401)
  expect(fetched).toEqual([])
})

test.each([
  ['fails', () => new Response('', { status: 500 })],
  ['is too large', () => new Response('x'.repeat(300_000))],
  [
    'never ends',
    () =>
      new Response(
        new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) }),
      ),
  ],
])('a fetch that %s is a 503, and is not made again for half a minute', async (_, file) => {
  const { send, fetched, later } = sns({ [URL_OF_LEAF]: file as () => Response })
  expect([await send(), await send()]).toEqual([503, 503])
  expect(fetched).toHaveLength(1)
  later(30_000)
  expect(await send()).toBe(503)
  expect(fetched).toHaveLength(2)
})

test('a fetch that takes too long is cut off', async () => {
  const { send } = sns(
    {},
    {
      timeout: 20,
      fetch: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => reject(signal!.reason as Error))
        }),
    },
  )
  expect(await send()).toBe(503)
})

test('a given certificate is taken without a chain, and its dates count', async () => {
  const { send, fetched } = sns({}, { certPem: made({}) })
  expect(await send()).toBe(200)
  expect(fetched).toEqual([])
  const expired = sns({}, { certPem: made({ to: '20260331235959Z' }) })
  expect(await expired.send()).toBe(401)
})

test('a field that is signed must be text: an object would pass unsigned', async () => {
  const { send, topics } = sns({}, { certPem: made({}) })
  const body = JSON.parse(message()) as object
  expect(await send(JSON.stringify({ ...body, Subject: { a: 1 } }))).toBe(401)
  expect(await send(JSON.stringify({ ...body, Subject: null }))).toBe(200)
  expect(topics).toEqual([ARN])
})

const SubscribeURL = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'
const subscription = (fields: object = {}) =>
  message({ Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL, ...fields })

test('a subscription is confirmed where the option says so, and only at SNS', async () => {
  const files = { [SubscribeURL]: '<ok/>' }
  const silent = sns(files, { certPem: made({}) })
  expect(await silent.send(subscription())).toBe(200)
  expect([silent.fetched, silent.topics]).toEqual([[], [`${ARN}:SubscriptionConfirmation`]])

  const confirming = sns(files, { certPem: made({}), confirm: true })
  expect(await confirming.send(subscription())).toBe(200)
  expect([confirming.fetched, confirming.topics]).toEqual([[SubscribeURL], []])
  for (const other of ['https://evil.example/?a=1', 'http://sns.us-east-1.amazonaws.com/', 'x'])
    expect(await confirming.send(subscription({ SubscribeURL: other }))).toBe(403)
  const foreign = 'arn:aws:sns:us-east-1:999999999999:Mallory'
  expect(await confirming.send(subscription({ TopicArn: foreign }))).toBe(401)
  expect(confirming.fetched).toHaveLength(1)

  const asked = sns(files, { certPem: made({}), confirm: () => false })
  expect(await asked.send(subscription())).toBe(403)
  expect(asked.fetched).toEqual([])
})
