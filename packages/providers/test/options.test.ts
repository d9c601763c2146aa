import { expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'

// Invalid options of providers. The error names the option and says what it must be.

const topicArn = 'arn:aws:sns:us-east-1:123456789012:MyTopic'
const encodingAESKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'

test.each<[string, object, string | RegExp]>([
  ['adcp', {}, 'jwksUrl is missing'],
  ['adcp', { jwksUrl: 'http://agent.example/' }, 'https'],
  ['adcp', { jwks: { keys: [] } }, 'adcp: jwks'],
  ['adyen', { hmacKey: 'not hex' }, /adyen: hmacKey.*hex digits/],
  ['airtable', { macSecretBase64: 'not base64!' }, /macSecretBase64.*base64/],
  ['alertmanager', {}, /token is missing/],
  ['alertmanager', { token: 'a', credentials: 'b:c' }, /token and credentials/],
  ['aws-sns', { topicArn, certPem: 'x' }, 'certPem must be'],
  ['aws-sns', { topicArn, ca: 'x' }, 'ca must be'],
  ['aws-sns', { topicArn, timeout: 0 }, 'timeout must be'],
  ['braintree', { privateKey: 'a', publicKey: '' }, 'publicKey'],
  ['cloudevents', {}, /secret is missing.*unauthenticated: true/],
  ['cloudflare-access', { team: 'https://acme', audience: 'a' }, 'team must be'],
  ['cloudflare-access', { team: 'acme', audience: [] }, 'audience must be'],
  ['contentful', { secret: 'short' }, /secret.* 64 /],
  ['discord', { publicKey: 'abc' }, /publicKey.*32 bytes in hex/],
  ['discord', { publicKey: 'zz'.repeat(32) }, /publicKey.*32 bytes in hex/],
  ['discord', { publicKey: '9d'.repeat(31) }, /publicKey.*32 bytes in hex/],
  ['docker-hub', {}, /secret is missing.*unauthenticated: true/],
  ['google-pubsub', { email: undefined }, 'email must be'],
  ['google-pubsub', { email: [] }, 'email must be'],
  ['google-pubsub', { email: 'nobody' }, 'email must be'],
  ['grafana', { secret: 'a', token: 'b' }, /secret and token/],
  ['hubspot', { clientSecret: 'secret', publicUrl: '/hook' }, 'publicUrl'],
  ['meta', { appSecret: 'app secret', verifyToken: '' }, 'verifyToken'],
  ['mollie', {}, /signingSecret is missing.*unauthenticated: true/],
  ['notion', {}, 'verificationToken'],
  ['plaid', { clientId: 'c' }, 'clientId and secret'],
  ['plaid', { jwks: { keys: [] } }, 'plaid: jwks'],
  ['postmark', { credentials: 'no colon' }, /credentials.*user:password/],
  ['rfc9421', { secret: 's', alg: 'ed25519' }, 'secret cannot be used with alg'],
  ['rfc9421', { publicKey: 'MFkw', alg: 'ed25519' }, /publicKey.*Ed25519 key/],
  ['rfc9421', { secret: 's', publicKey: 'p' }, 'exclude each other'],
  ['salesforce-outbound', { organizationId: 'acme' }, /organizationId.*18 characters/],
  ['sendgrid', { publicKey: 'MFkw' }, /publicKey.*ECDSA key on curve P-256/],
  ['sendgrid-inbound-parse', {}, /publicKey is missing.*unauthenticated: true/],
  ['telegram', { secretToken: 'with space' }, 'secretToken'],
  ['telegram', { secretToken: 'colon:ed' }, 'secretToken'],
  ['telegram', { secretToken: 'x'.repeat(257) }, 'secretToken'],
  ['twilio', { authToken: '12345', publicUrl: '/hook' }, /publicUrl/],
  ['twilio', { authToken: '12345', sharedKeys: { k1: '' } }, /sharedKeys\.k1/],
  ['websub', {}, /unauthenticated: true/],
  ['websub', { secret: 'x'.repeat(200) }, /secret.*less than 200 bytes/],
  ['wechat', { token: 't', encodingAESKey: 'short' }, 'encodingAESKey'],
  ['wechat', { token: 't', encodingAESKey }, 'receiveId'],
])('%s cannot be made with %j', (name, options, message) => {
  const make = () => catalogue.get(name)!.create(options)
  expect(make).toThrow(TypeError)
  expect(make).toThrow(message)
})
