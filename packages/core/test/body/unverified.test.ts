import { expect, test } from 'vitest'
import type { Delivery, Format } from '../../src/delivery.ts'
import { loadXml } from '../../src/body/xml/xml.ts'
import { resolveLimits, type UnverifiedLimits } from '../../src/limits.ts'
import { rejection } from './rejection.ts'
import { createDelivery, markVerified } from '../../src/receive/http-delivery.ts'

await loadXml()

const BEYOND: readonly [string, Format, string, Partial<UnverifiedLimits>][] = [
  ['values of JSON', 'json', `[${'1,'.repeat(20)}1]`, { nodes: 20 }],
  ['members of JSON', 'json', `{"a":${'{"b":'.repeat(9)}1${'}'.repeat(10)}`, { nodes: 10 }],
  ['nesting of JSON', 'json', '[[[[[]]]]]', { depth: 4 }],
  ['elements of XML', 'xml', `<a>${'<b/>'.repeat(20)}</a>`, { nodes: 10 }],
  [
    'attributes of XML',
    'xml',
    `<a ${Array.from({ length: 20 }, (_, at) => `b${at}=""`).join(' ')}/>`,
    { nodes: 10 },
  ],
  ['bytes of XML', 'xml', `<a>${'b'.repeat(100)}</a>`, { xml: 100 }],
  ['nesting of XML', 'xml', '<a><a><a><a><a/></a></a></a></a>', { depth: 4 }],
  ['fields of a form', 'form', 'a&'.repeat(20), { fields: 10 }],
]

test.each(BEYOND)(
  '%s beyond the limit are read only once the delivery is verified',
  (_, format, body, unverified) => {
    const delivery = createDelivery(
      { url: 'https://example.com/hook', body },
      resolveLimits({ unverified }),
      { formats: [format] },
    )
    expect(['too_complex', 'too_deep', 'malformed_body']).toContain(rejection(() => read(delivery)))
    markVerified(delivery)
    expect(rejection(() => read(delivery))).toBeUndefined()
  },
)

test.each(BEYOND)(
  'of %s the rejection names the bound that helps, and only that',
  (_, format, body, unverified) => {
    const looked = (given: Partial<UnverifiedLimits>, limits: object = {}) => {
      const all = resolveLimits({ ...limits, unverified: given })
      try {
        read(createDelivery({ url: 'https://example.com/hook', body }, all, { formats: [format] }))
        return undefined
      } catch (error) {
        return (error as { readonly option?: string }).option
      }
    }
    const [name] = Object.keys(unverified)
    expect(looked(unverified)).toBe(`limits.unverified.${name}`)
    expect(looked({ [name!]: 1000 })).toBeUndefined()
    // If both limits apply, the error names the lower one, since raising the other would not help.
    if (name === 'depth' || name === 'fields')
      expect(looked({ [name]: 1000 }, unverified)).toBe(`limits.${name}`)
  },
)

test('commas and colons inside of texts are no values', () => {
  const delivery = createDelivery(
    { url: 'https://example.com/hook', body: JSON.stringify({ a: ',:{[\\"'.repeat(1000) }) },
    resolveLimits({ unverified: { nodes: 10 } }),
  )
  expect(rejection(() => read(delivery))).toBeUndefined()
})

function read(delivery: Delivery): unknown {
  return delivery.format === 'xml'
    ? delivery.xml()
    : delivery.format === 'form'
      ? delivery.form()
      : delivery.json()
}
