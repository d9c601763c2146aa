import { describe, expect, test } from 'vitest'
import {
  isCredentialHeader,
  isCredentialParameter,
} from '../../../src/receive/credentials/judge.ts'

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
    expect(isCredentialHeader(name)).toBe(true)
  })

  test.each([
    'x-hub-signature-256',
    'x-github-event',
    'i-twilio-idempotency-token',
    'idempotency-key',
    'webhook-id',
    'content-type',
    'x-tokens',
    'x-forwarded-host',
  ])('or not: %s', (name) => {
    expect(isCredentialHeader(name)).toBe(false)
  })

  test('and names of strangers fill no memory, nor change what is known', () => {
    for (let at = 0; at < 5000; at++) isCredentialHeader(`x-${at}`)
    expect(isCredentialHeader('x-gitlab-token')).toBe(true)
    expect(isCredentialHeader('x-4999')).toBe(false)
  })
})

test.each([
  ['code', true],
  ['Access_Token', true],
  ['hub.verify_token', true],
  ['token', true],
  ['my_api_key', true],
  ['signature', false],
  ['page', false],
])('the parameter %s: %s', (name, expected) => {
  expect(isCredentialParameter(name)).toBe(expected)
})
