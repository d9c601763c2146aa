import { describe, expect, test } from 'vitest'
import { isCredentialName } from '../../../src/receive/credentials/judge.ts'

describe('a header holds a credential', () => {
  test.each([
    'Authorization',
    'cookie',
    'X-Gitlab-Token',
    'http_x_gitlab_token',
    'x-original-authorization',
    'x-vercel-oidc-token',
    'cf-access-jwt-assertion',
    'x-amzn-oidc-data',
    'x-ms-token-aad-access-token',
    'x-functions-key',
    'dpop',
    'x-some-api-key',
    'x-some-password',
  ])('%s', (name) => {
    expect(isCredentialName(name)).toBe(true)
  })

  test.each([
    'x-hub-signature-256',
    'x-github-event',
    'i-twilio-idempotency-token',
    'idempotency-key',
    'webhook-id',
    'content-type',
    'x-tokens',
    'xdpop',
    'x-forwarded-host',
  ])('or not: %s', (name) => {
    expect(isCredentialName(name)).toBe(false)
  })

  test('and names of strangers fill no memory, nor change what is known', () => {
    for (let at = 0; at < 5000; at++) isCredentialName(`x-${at}`)
    expect(isCredentialName('x-gitlab-token')).toBe(true)
    expect(isCredentialName('x-4999')).toBe(false)
  })
})

describe('a header or a parameter, in any spelling of its words,', () => {
  const spellings: readonly ((words: readonly string[]) => string)[] = [
    (words) => words.join('-'),
    (words) => words.join('_'),
    (words) => words.join('.'),
    (words) => words.join('-').toUpperCase(),
    (words) => words[0] + words.slice(1).map(capital).join(''),
    (words) => words.map(capital).join(''),
    (words) => words.map(capital).join('-'),
  ]
  const spelled = (name: string): readonly string[] =>
    spellings.map((spell) => spell(name.split(' ')))

  test.each([
    'x rapidapi key',
    'x parse master key',
    'x parse rest api key',
    'x vercel protection bypass',
    'webhook secret',
    'api key',
    'access token',
    'client secret',
    'hub verify token',
    'x mashape key',
    'x auth key',
    'user password',
    'x session id',
    'key',
    'pass phrase',
  ])('%s holds a credential', (name) => {
    for (const one of spelled(name)) expect([one, isCredentialName(one)]).toEqual([one, true])
  })

  test.each([
    'idempotency key',
    'i twilio idempotency token',
    'x event key',
    'partition key',
    'public key',
    'signature',
    'page',
    'status code',
    'monkey',
    'secretary',
    'tokens',
    'keyword',
  ])('%s holds none', (name) => {
    for (const one of spelled(name)) expect([one, isCredentialName(one)]).toEqual([one, false])
  })

  test.each([
    'code',
    'Access_Token',
    'webhooksecret',
    'accesskey',
    'token2',
    'X-API-Key',
    'auth[token]',
  ])('%s, as it is often written, holds one', (name) => {
    expect(isCredentialName(name)).toBe(true)
  })
})

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
