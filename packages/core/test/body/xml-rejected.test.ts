import { describe, expect, test } from 'vitest'
import { checkXml } from '../../src/body/xml/xml-check.ts'
import { read } from '../../src/body/xml/xml-read.ts'
import { xmlCharset } from '../../src/body/xml/xml.ts'

const decodeXml = (text: string) => read(`<r>${text}</r>`, { depth: 1 })['r']

describe('XML that is not well-formed is rejected with reason and line', () => {
  test.each<[string, string, number]>([
    ['<a>\u0001</a>', 'characters that XML allows', 1],
    ['<a/>\nb', 'no text outside of the root element', 1],
    ['b<a/>', 'no text outside of the root element', 1],
    ['\n<![CDATA[b]]><a/>', 'no text outside of the root element', 2],
    ['<a>]]></a>', 'no "]]>" in text', 1],
    ['<a><b/>]]></a>', 'no "]]>" in text', 1],
    ['<a>\r\n</b>', 'an end tag for each element', 2],
    ['<a></a b>', 'an end tag for each element', 1],
    ['<a></ab>', 'an end tag for each element', 1],
    ['</a>', 'an end tag for each element', 1],
    ['<a></a', 'the end of an end tag', 1],
    ['<?xml version="2.0"?><a/>', 'a whole declaration or processing instruction', 1],
    ['\n<?xml version="1.0"?><a/>', 'a whole declaration or processing instruction', 2],
    [
      '<?xml version="1.0"?><?xml version="1.0"?><a/>',
      'a whole declaration or processing instruction',
      1,
    ],
    ['<a><? b?></a>', 'a whole declaration or processing instruction', 1],
    ['<?XML version="1.0"?><a/>', 'a whole declaration or processing instruction', 1],
    ['<?b <a/>', 'the end of a processing instruction', 1],
    ['<a>< b/></a>', 'a tag after "<"', 1],
    ['<a><!b></a>', 'a tag after "<"', 1],
    ['<a/>\n\n<b/>', 'one root element', 3],
    ['<a', 'a whole tag', 1],
    ['<a b/>', 'a whole tag', 1],
    ['<a b="1" b="2"/>', 'each attribute once in a tag', 1],
    ['<!-- a -- b --><a/>', 'no two hyphens in a comment', 1],
    ['<!-- a', 'the end of a comment', 1],
    ['<!DOCTYPE a><a/>', 'no DOCTYPE, which is not accepted from the network', 1],
    ['<a><![CDATA[b</a>', 'the end of a CDATA section', 1],
    ['<!-- b -->\n', 'one root element', 2],
    ['<a>\n<b></b>', 'the end of the root element', 2],
  ])('%j', (text, wanted, line) => {
    expect(() => checkXml(text, 10)).toThrow(
      expect.objectContaining({
        code: 'malformed_body',
        problem: 'not_xml',
        expected: wanted,
        got: line,
      }),
    )
  })

  test('and what is well-formed stays, with its instructions as empty comments', () => {
    const text =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<a b="1"\n c=\'2\'>\r<?d e?><f /><g>]]</g ><!-- h --><![CDATA[<i>]]></a>\n'
    expect(checkXml(text, 2)).toBe(
      '<!---->\n<a b="1"\n c=\'2\'>\n<!----><f /><g>]]</g ><!-- h --><![CDATA[<i>]]></a>\n',
    )
  })
})

describe('references', () => {
  test.each([
    [0x9, true],
    [0xa, true],
    [0xd, true],
    [0x20, true],
    [0xd7ff, true],
    [0xe000, true],
    [0xfffd, true],
    [0x10000, true],
    [0x10ffff, true],
    [0x0, false],
    [0x8, false],
    [0xb, false],
    [0xc, false],
    [0xe, false],
    [0x1f, false],
    [0xd800, false],
    [0xdfff, false],
    [0xfffe, false],
    [0xffff, false],
    [0x110000, false],
  ])('to the character %i: %o', (code, allowed) => {
    for (const reference of [
      `&#${code};`,
      `&#x${code.toString(16)};`,
      `&#x${code.toString(16).toUpperCase()};`,
    ]) {
      if (allowed) expect(decodeXml(`a${reference}b`)).toBe(`a${String.fromCodePoint(code)}b`)
      else
        expect(() => decodeXml(reference)).toThrow(
          expect.objectContaining({ expected: 'references to what XML defines and allows' }),
        )
    }
  })

  test('by name are five, each replaced once', () => {
    expect(decodeXml('&lt;&gt;&amp;&quot;&apos;&amp;lt; c')).toBe(`<>&"'&lt; c`)
    for (const text of ['&nbsp;', '&;', '&#;', '&#x;', '&#xg;', '&#1a;', '&LT;', 'a&b c;'])
      expect(() => decodeXml(text)).toThrow(
        expect.objectContaining({ expected: 'references to what XML defines and allows' }),
      )
    expect(() => decodeXml('a & b')).toThrow(
      expect.objectContaining({ expected: 'a reference after an ampersand' }),
    )
  })
})

describe('the charset that the bytes of XML name', () => {
  test.each<[string, readonly number[], string | undefined]>([
    ['mark of UTF-8', [0xef, 0xbb, 0xbf], 'utf-8'],
    ['mark of UTF-16LE', [0xff, 0xfe, 0x3c, 0], 'utf-16le'],
    ['mark of UTF-16BE', [0xfe, 0xff, 0, 0x3c], 'utf-16be'],
    ['<? in UTF-16LE', [0x3c, 0, 0x3f, 0], 'utf-16le'],
    ['<? in UTF-16BE', [0, 0x3c, 0, 0x3f], 'utf-16be'],
    ['nothing', [], undefined],
    ['half a mark of UTF-8', [0xef, 0xbb, 0x3c], undefined],
    ['the ends of a mark of UTF-8', [0xef, 0, 0xbf], undefined],
    ['the rest of a mark of UTF-8', [0, 0xbb, 0xbf], undefined],
    ['half a mark of UTF-16LE', [0xff, 0x3c], undefined],
    ['the rest of a mark of UTF-16LE', [0x3c, 0xfe], undefined],
    ['half a mark of UTF-16BE', [0xfe, 0x3c], undefined],
    ['the rest of a mark of UTF-16BE', [0x3c, 0xff], undefined],
    ['< in UTF-16LE', [0x3c, 0, 0x61, 0], undefined],
    ['< in UTF-16LE and an odd byte', [0x3c, 0, 0x3f, 0x3f], undefined],
    ['<? in ASCII and a zero', [0x3c, 0x3f, 0x3f, 0], undefined],
    ['another sign in UTF-16LE', [0x61, 0, 0x3f, 0], undefined],
    ['< in UTF-16BE', [0, 0x3c, 0, 0x61], undefined],
    ['< in UTF-16BE and an odd byte', [0, 0x3c, 0x3f, 0x3f], undefined],
    ['another sign in UTF-16BE', [0, 0x61, 0, 0x3f], undefined],
    ['<? behind another byte', [0x61, 0x3c, 0, 0x3f], undefined],
  ])('%s', (_, bytes, charset) => {
    expect(xmlCharset(Uint8Array.from(bytes))).toBe(charset)
  })

  test.each([
    ['<?xml version="1.0" encoding="ISO-8859-1"?><a/>', 'iso-8859-1'],
    [`<?xml version='1.0' encoding = 'Shift_JIS' standalone="no"?><a/>`, 'shift_jis'],
    ['<?xml version="1.0" encoding="UTF-16"?><a/>', 'utf-8'],
    ['<?xml version="1.0" encoding="UTF-16LE"?><a/>', 'utf-8'],
    ['<?xml version="1.0"?><a encoding="latin1"/>', undefined],
    ['<a encoding="latin1"/>', undefined],
    ['?<xml version="1.0" encoding="latin1"?>', undefined],
    ['<a><?xml version="1.0" encoding="latin1"?>', undefined],
    [' <?xml version="1.0" encoding="latin1"?>', undefined],
  ])('%s', (text, charset) => {
    expect(xmlCharset(new TextEncoder().encode(text))).toBe(charset)
  })
})
