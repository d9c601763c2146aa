import { expect, test } from 'vitest'
import { WebhookError } from '../../../src/errors.ts'
import { problem, SITE } from '../../../src/receive/reply/reply.ts'

const rejected = new WebhookError('signature_mismatch', 'wrong')
const bodyOf = (site: string): unknown => JSON.parse(String(problem(rejected, site).body))

test('the type of a rejection is the page of its code on the site', () => {
  expect(bodyOf('https://example.com/postern')).toEqual({
    type: 'https://example.com/postern/errors/signature_mismatch/',
    title: 'signature mismatch',
    status: 401,
    code: 'signature_mismatch',
  })
})

test('while the site has no address there is no type, which means about:blank (RFC 9457 section 4.2.1)', () => {
  expect(bodyOf('')).not.toHaveProperty('type')
  expect(problem(rejected)).toEqual(problem(rejected, SITE))
})
