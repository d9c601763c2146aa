import { describe, expect, test } from 'vitest'
import { checkXml } from '../../src/body/xml-check.ts'
import { decodeXml } from '../../src/body/xml-entities.ts'
import { xmlCharset } from '../../src/body/xml.ts'

describe('XML that is not well-formed is refused with reason and line', () => {
  test.each([
    ['<a>\u0001</a>', 'has a character that XML does not allow (line 1)'],
    ['<a/>\nb', 'has text outside its root element (line 1)'],
    ['b<a/>', 'has text outside its root element (line 1)'],
    ['\n<![CDATA[b]]><a/>', 'has text outside its root element (line 2)'],
    ['<a>]]></a>', 'has "]]>" in its text (line 1)'],
    ['<a><b/>]]></a>', 'has "]]>" in its text (line 1)'],
    ['<a>\r\n</b>', 'has an end tag that ends no element (line 2)'],
    ['<a></a b>', 'has an end tag that ends no element (line 1)'],
    ['<a></ab>', 'has an end tag that ends no element (line 1)'],
    ['</a>', 'has an end tag that ends no element (line 1)'],
    ['<a></a', 'ends within an end tag (line 1)'],
    [
      '<?xml version="2.0"?><a/>',
      'has a declaration or processing instruction that cannot be read (line 1)',
    ],
    [
      '\n<?xml version="1.0"?><a/>',
      'has a declaration or processing instruction that cannot be read (line 2)',
    ],
    [
      '<?xml version="1.0"?><?xml version="1.0"?><a/>',
      'has a declaration or processing instruction that cannot be read (line 1)',
    ],
    ['<a><? b?></a>', 'has a declaration or processing instruction that cannot be read (line 1)'],
    [
      '<?XML version="1.0"?><a/>',
      'has a declaration or processing instruction that cannot be read (line 1)',
    ],
    ['<?b <a/>', 'ends within a processing instruction (line 1)'],
    ['<a>< b/></a>', 'has a "<" that begins no tag (line 1)'],
    ['<a><!b></a>', 'has a "<" that begins no tag (line 1)'],
    ['<a/>\n\n<b/>', 'has more than one root element (line 3)'],
    ['<a', 'has a tag that cannot be read (line 1)'],
    ['<a b/>', 'has a tag that cannot be read (line 1)'],
    ['<a b="1" b="2"/>', 'has an attribute twice in one tag (line 1)'],
    ['<!-- a -- b --><a/>', 'has two hyphens in a comment (line 1)'],
    ['<!-- a', 'ends within a comment (line 1)'],
    ['<!DOCTYPE a><a/>', 'has a DOCTYPE, which is not taken from the network (line 1)'],
    ['<a><![CDATA[b</a>', 'ends within a CDATA section (line 1)'],
    ['<!-- b -->\n', 'has no root element (line 2)'],
    ['<a>\n<b></b>', 'ends before its root element does (line 2)'],
  ])('%j', (text, reason) => {
    expect(() => checkXml(text, 10)).toThrow(
      expect.objectContaining({ code: 'malformed_body', message: `the XML body ${reason}` }),
    )
  })

  test('or is nested too deep', () => {
    expect(() => checkXml('<a><b></b></a>', 2)).not.toThrow()
    expect(() => checkXml('<a><b><c/></b></a>', 2)).toThrow(
      expect.objectContaining({
        code: 'too_deep',
        message: 'the XML body is nested deeper than limits.depth (2)',
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
          'the XML body refers to what XML does not define or allow',
        )
    }
  })

  test('by name are five, each replaced once', () => {
    expect(decodeXml('&lt;&gt;&amp;&quot;&apos;&amp;lt; c')).toBe(`<>&"'&lt; c`)
    for (const text of ['&nbsp;', '&;', '&#;', '&#x;', '&#xg;', '&#1a;', '&LT;', 'a&b c;'])
      expect(() => decodeXml(text)).toThrow(
        'the XML body refers to what XML does not define or allow',
      )
    expect(() => decodeXml('a & b')).toThrow(
      'the XML body has an ampersand that begins no reference',
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
