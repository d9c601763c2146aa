import { explain } from '@postern/core/explain'
import { github } from '@postern/providers'
import { expect, test } from 'vitest'
import { NOW } from './sealed.ts'

const provider = github({ secret: 'It is a secret of this test' })
const BODY = '{"action":"opened","name":"Zoë","size":1.0,"list":[1,2,{"a":null}]}'
const signed = provider.sign!({ topic: 'issues.opened', body: BODY, at: NOW })
const now = (): number => NOW

test.for([
  ['an indent of two', JSON.stringify(JSON.parse(BODY.replace('1.0', '1.5')), null, 2), '1.5'],
  ['a newline at the end', `${BODY}\n`, '1.0'],
  ['escapes as Python writes them', BODY.replace('ë', String.raw`\u00eb`), '1.0'],
] as const)('with `repaired`, the request comes as it verified: %s', async ([, sent, size]) => {
  const body = BODY.replace('1.0', size)
  const request = provider.sign!({ topic: 'issues.opened', body, at: NOW })
  const found = await explain({ ...request, body: sent }, provider, { now, repaired: true })
  expect(found.findings[0]).toMatchObject({ certainty: 'proven' })
  expect(new TextDecoder().decode(found.repaired!.body)).toBe(body)
  expect(found.repaired!.url).toBe(request.url)
})

test('without it, and without a proof, no request is returned', async () => {
  const asked = await explain({ ...signed, body: `${BODY}\n` }, provider, { now })
  expect(asked).not.toHaveProperty('repaired')
  const unproven = await explain({ ...signed, body: '{}' }, provider, { now, repaired: true })
  expect(unproven).not.toHaveProperty('repaired')
})
