import { bodyDiff, explain } from '@postern/core/explain'
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
  const { parts } = bodyDiff(new TextEncoder().encode(sent), found.repaired!.body)!
  const side = (other: string): string =>
    parts.map(({ kind, text }) => (kind === other ? '' : text)).join('')
  expect(side('came')).toBe(body)
  expect(side('signed').replaceAll('·', ' ').replaceAll('↵', '\n')).toBe(sent)
})

test('a difference is told in bytes, shows blanks, cuts what is equal, and holds nothing that acts', () => {
  const utf8 = new TextEncoder()
  const diff = bodyDiff(
    utf8.encode(`{"a":"${'x'.repeat(500)}","b": 1,"c":"\u001B]52;c;\u202E"}`),
    utf8.encode(`{"a":"${'x'.repeat(500)}","b":1,"c":"é"}`),
  )!
  expect(diff.summary).toMatch(
    /^2 bytes were signed that did not come, \d+ bytes came that were not signed$/,
  )
  expect(diff.parts.some(({ kind, text }) => kind === 'cut' && /equal bytes/.test(text))).toBe(true)
  expect(diff.parts.find(({ kind }) => kind === 'came')!.text).toBe('·')
  expect(diff.parts.map(({ text }) => text).join('')).toMatch(/^[^\p{C}]+$/u)
  expect(bodyDiff(utf8.encode('same'), utf8.encode('same'))).toBeUndefined()
  const all = bodyDiff(utf8.encode('a'.repeat(100_000)), utf8.encode('b'.repeat(100_000)))!
  expect(all.parts.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(5000)
})

test('without it, and without a proof, no request is returned', async () => {
  const asked = await explain({ ...signed, body: `${BODY}\n` }, provider, { now })
  expect(asked).not.toHaveProperty('repaired')
  const unproven = await explain({ ...signed, body: '{}' }, provider, { now, repaired: true })
  expect(unproven).not.toHaveProperty('repaired')
})
