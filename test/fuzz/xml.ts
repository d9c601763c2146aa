import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  loadXml,
  hasMoreTags,
  parseXml,
  xmlCharset,
  type XmlObject,
} from '../../packages/core/src/body/xml/xml.ts'
import { chars, mutatedText, pieced } from './mutate.ts'
import { read } from './rejection.ts'
import { target, type FuzzTarget } from './target.ts'

const PIECES = [
  ...chars('<>/ ="x&;!?-[]\n'),
  '<a>',
  '</a>',
  '<a b="c">',
  '<a/>',
  '&amp;',
  '&#65;',
  '&#x0;',
  '&#x1F600;',
  '&lol;',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?xml version="1.0"?>',
  '<?pi ',
  '?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<__proto__>',
  '</__proto__>',
  '<constructor><prototype/></constructor>',
  'é',
  '\0',
  '\uFFFE',
  '\u0001',
]
const DOCUMENTS = [
  '<a><b c="d">e</b><b/></a>',
  '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="x"><soap:Body>t&amp;</soap:Body></soap:Envelope>',
  '<a><!-- c --><![CDATA[<b>]]></a>',
]
const DEPTH = 6

/** Targets for the XML reader. A test in core also compares it with fast-xml-parser. */
export const xmlTargets: readonly FuzzTarget[] = [
  target('parsers', 'xml: text', async () => {
    await loadXml()
    return fc.property(documents(), takenOrRejected)
  }),
  target('parsers', 'xml: charset', () =>
    fc.property(
      fc.oneof(documents(), pieced([...PIECES, 'encoding=', '<?xml '])),
      fc.uint8Array({ maxLength: 4 }),
      (text, head) => {
        const charset = xmlCharset(Buffer.concat([head, Buffer.from(text)]))
        if (charset !== undefined) assert.match(charset, /^[a-z][\w.-]*$/)
      },
    ),
  ),
]

function documents(): fc.Arbitrary<string> {
  return fc.oneof(
    mutatedText(DOCUMENTS, PIECES),
    pieced(PIECES, 30).map((text) => `<a>${text}</a>`),
    pieced(PIECES, 30),
  )
}

function takenOrRejected(text: string): void {
  const ours = read(() => parseXml(text, { depth: DEPTH }))
  if (ours.code !== undefined)
    return assert.ok(['malformed_body', 'too_deep'].includes(ours.code), ours.code)
  assert.ok(!text.includes('<!DOCTYPE') || /<!--|<!\[CDATA\[|<\?/.test(text))
  const counted = { nodes: 0 }
  check(ours.value, 0, counted)
  // Checks that the count is not too low, because the limit on nodes relies on it.
  if (text.length > counted.nodes * 4)
    assert.ok(counted.nodes === 0 || hasMoreTags(text, counted.nodes - 1))
}

/** Checks the depth and that no prototype key exists. Counts elements and attributes. */
function check(value: XmlObject[string], depth: number, counted: { nodes: number }): void {
  if (typeof value === 'string') return
  if (Array.isArray(value)) return value.forEach((one) => check(one, depth, counted))
  assert.ok(depth <= DEPTH)
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.ok(!Object.hasOwn(value, '__proto__'))
  for (const [name, member] of Object.entries(value)) {
    if (name !== '#text') counted.nodes += Array.isArray(member) ? member.length : 1
    check(member, depth + 1, counted)
  }
}
