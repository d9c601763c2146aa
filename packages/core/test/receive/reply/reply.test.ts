import { expect, test } from 'vitest'
import { WebhookError } from '../../../src/errors.ts'
import { problem, problemOf } from '../../../src/receive/reply/reply.ts'
import { SITE } from '../../../src/receive/reply/site.ts'

const refused = { code: 'signature_mismatch', status: 401 } as const

test('the type of a refusal is the page of its code on the site', () => {
  expect(problemOf(refused, 'https://example.com/postern')).toEqual({
    type: 'https://example.com/postern/errors/signature_mismatch/',
    title: 'signature mismatch',
    status: 401,
    code: 'signature_mismatch',
  })
})

test('while the site has no address there is no type, which means about:blank (RFC 9457 section 4.2.1)', () => {
  expect(problemOf(refused, '')).not.toHaveProperty('type')
  const { body } = problem(new WebhookError('signature_mismatch', 'wrong'))
  expect('type' in (JSON.parse(String(body)) as object)).toBe(SITE !== '')
})
