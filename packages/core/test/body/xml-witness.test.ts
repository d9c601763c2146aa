import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { beforeAll, expect, test } from 'vitest'
import { loadXml, parseXml, type XmlObject } from '../../src/body/xml/xml.ts'
import { PIECES } from './xml-pieces.ts'

beforeAll(loadXml)

const parse = (text: string): XmlObject => parseXml(text, { depth: 100 })

const witness = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: false,
  // Without this, fast-xml-parser renames `toString`.
  onDangerousProperty: (name) => name,
})

test('reads the tree that was written, as fast-xml-parser does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '<', '>', '&', '"', "'", '😀', ']') })
  const name = fc.constantFrom('a', 'b', 'é', 'x:y', 'toString', 'long-name.of_1')
  const attributes = fc.dictionary(
    name.map((key) => `@${key}`),
    text,
    { maxKeys: 3 },
  )
  const { element } = fc.letrec<{ element: string | XmlObject }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 5 },
      text,
      fc
        .tuple(
          attributes,
          fc.dictionary(
            name,
            fc.oneof(tie('element'), fc.array(tie('element'), { minLength: 2, maxLength: 3 })),
            { minKeys: 1, maxKeys: 3 },
          ),
        )
        .map(([own, children]) => ({ ...own, ...children }) as XmlObject),
    ),
  }))
  fc.assert(
    fc.property(element, fc.boolean(), (root, isSpaced) => {
      const document = write('root', root, isSpaced ? '\n ' : '')
      expect(parse(document)).toEqual({ root })
      if (!isSpaced) expect(witness.parse(document)).toEqual({ root })
    }),
  )
})

// The parser of fast-xml-parser accepts nearly everything. Its validator also accepts some texts that XML forbids.
test('takes what the validator of fast-xml-parser takes, as the parser reads it', () => {
  const piece = fc.constantFrom(...TAGS, '<!-- &<a> -->', '<![CDATA[<a>&]]>', 'x', '&', '&amp;')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const document = `<a>${pieces.join('')}</a>`
      const tree = taken(document)
      expect(tree !== undefined).toBe(XMLValidator.validate(document) === true)
      if (tree !== undefined) expect(tree).toEqual(witness.parse(document))
    }),
    { numRuns: 5000 },
  )
})

test('takes nothing that the validator rejects', () => {
  const piece = fc.constantFrom(...TAGS, ...PIECES, "<b c='<'/>", '<a', '\n')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const document = `<a>${pieces.join('')}</a>`
      if (taken(document)) expect(XMLValidator.validate(document)).toBe(true)
    }),
    { numRuns: 5000 },
  )
})

const TAGS = [
  '<a>',
  '</a>',
  '</a\n>',
  '<a/>',
  '<b c="1">',
  '</b>',
  '<b c="=" d=\'c="1"\'/>',
  '<b c="1" c="2"/>',
  '<b c/>',
  '<b c="1"d="2"/>',
  '<-a/>',
  '<1/>',
  '<a.b-1:é/>',
  '<a×/>',
  '<b ×="1"/>',
]

function taken(document: string): XmlObject | undefined {
  try {
    return parse(document)
  } catch {
    return undefined
  }
}

function write(name: string, value: XmlObject[string], space: string): string {
  if (Array.isArray(value)) return value.map((one) => write(name, one, space)).join(space)
  if (typeof value === 'string') return `<${name}>${escape(value)}</${name}>`
  const members = Object.entries(value)
  const attributes = members
    .filter(([key]) => key.startsWith('@'))
    .map(([key, one]) => ` ${key.slice(1)}="${typeof one === 'string' ? escape(one) : ''}"`)
  const children = members.filter(([key]) => !key.startsWith('@'))
  const inner = children.map(([key, one]) => space + write(key, one, space)).join('')
  return `<${name}${attributes.join(space)}${space}>${inner}${space}</${name}${space}>`
}

function escape(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[sign]!,
  )
}
