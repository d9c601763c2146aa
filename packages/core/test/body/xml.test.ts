import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { list, loadXml, parseXml, type XmlObject } from '../../src/body/xml/xml.ts'
import { rejection } from './rejection.ts'
import { PIECES } from './xml-pieces.ts'

const parse = (text: string): XmlObject => parseXml(text, { depth: 100 })

describe('loading', () => {
  test('is asked for, and happens once', async () => {
    vi.resetModules()
    const fresh = await import('../../src/body/xml/xml.ts')
    expect(fresh.xmlReady()).toBe(false)
    expect(() => fresh.parseXml('<a/>', { depth: 100 })).toThrow(/loadXml/)
    await fresh.loadXml()
    await fresh.loadXml()
    expect(fresh.xmlReady()).toBe(true)
  })

  test('importing the module does not load the parser', () => {
    const module = fileURLToPath(new URL('../../src/body/xml/xml.ts', import.meta.url))
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve: (name, context, next) => (console.log(name), next(name, context)) })
      const { loadXml } = await import(${JSON.stringify(module)})
      console.log('imported')
      await loadXml()`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    const [before, after] = stdout.split('imported')
    expect(before).not.toContain('fast-xml-parser')
    expect(after).toContain('fast-xml-parser')
  })
})

describe('parseXml', () => {
  beforeAll(loadXml)

  test.each<[string, XmlObject]>([
    ['<a/>', { a: '' }],
    ['<a>007</a>', { a: '007' }],
    ['\t\n <a/> \n\t', { a: '' }],
    ['<a b="c"> </a>', { a: { '@b': 'c', '#text': ' ' } }],
    ['<a>1e5</a>', { a: '1e5' }],
    ['<a>true</a>', { a: 'true' }],
    ['<a>  </a>', { a: '  ' }],
    [
      '\ufeff<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<a>1\r\n2</a>\n<!-- end -->',
      { a: '1\n2' },
    ],
    ['<a b="1"/>', { a: { '@b': '1' } }],
    ['<a b="1">x</a>', { a: { '@b': '1', '#text': 'x' } }],
    ['<a>\n <b>1</b>\n <b>2</b>\n <c/>\n</a>', { a: { b: ['1', '2'], c: '' } }],
    ['<a>one<b/>two<b/></a>', { a: { b: ['', ''], '#text': 'onetwo' } }],
    ['<a><![CDATA[<b>&amp;]]> &amp; c</a>', { a: '<b>&amp; & c' }],
    ['<a>x<!-- no -->y</a>', { a: 'xy' }],
    [
      '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><n:x xmlns:n="u">1</n:x></soapenv:Body></soapenv:Envelope>',
      {
        'soapenv:Envelope': {
          '@xmlns:soapenv': 'http://schemas.xmlsoap.org/soap/envelope/',
          'soapenv:Body': { 'n:x': { '@xmlns:n': 'u', '#text': '1' } },
        },
      },
    ],
    ['<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</a>', { a: '<>&"\'A😀' }],
    ['<a>&amp;lt;&#38;lt;</a>', { a: '&lt;&lt;' }],
    ['<a b="&quot;&#10;x\ty>"/>', { a: { '@b': '"\nx y>' } }],
    ["<a><?pi ' ?><b/><?pi ' ?></a>", { a: { b: '' } }],
    ['<é>ü</é>', { é: 'ü' }],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  test.each([
    '',
    ' ',
    'hello',
    '{}',
    '<a></a\u00a0>',
    '<a\u1680b/>',
    '<a \ufeffb="1"/>',
    '<?xml version="one"?><a/>',
    '<a>\ufffe</a>',
    '<a b=1/>',
    '<a b="1"c="2"/>',
    '<a b="<"/>',
    '<a b="1/>',
    '<a =/>',
    '<a / >',
    '<1a/>',
    '<a>&amp</a>',
    '<a>&#99999999999999999999;</a>',
    '<a>&#xZ;</a>',
    '<a>&constructor;</a>',
    '<a>&am<!-- -->p;</a>',
    '<a b="&nope;"/>',
  ])('rejects %j', (text) => {
    expect(rejection(() => parse(text))).toBe('malformed_body')
  })

  test('rejects every DOCTYPE, so nothing is ever expanded or fetched', () => {
    const laughs = Array.from(
      { length: 9 },
      (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
    ).join('')
    for (const doctype of [
      '<!DOCTYPE a>',
      `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]>`,
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
      '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
    ]) {
      expect(() => parse(`<?xml version="1.0"?>${doctype}<a>&l9;&x;</a>`)).toThrow(
        expect.objectContaining({
          problem: 'not_xml',
          expected: expect.stringContaining('DOCTYPE'),
        }),
      )
      expect(rejection(() => parse(`${doctype}<a/>`))).toBe('malformed_body')
    }
  })

  test('limits the nesting before it builds', () => {
    const nested = (levels: number): string =>
      '<a>'.repeat(levels - 1) + '<a/>' + '</a>'.repeat(levels - 1)
    expect(rejection(() => parse(nested(100)))).toBeUndefined()
    expect(() => parse(nested(101))).toThrow(
      expect.objectContaining({ code: 'too_deep', got: 'XML', option: 'limits.depth', limit: 100 }),
    )
    expect(rejection(() => parse('<a>'.repeat(300_000)))).toBe('too_deep')
    expect(rejection(() => parse(`<r>${'<a></a><b/>'.repeat(1000)}</r>`))).toBeUndefined()
    expect(rejection(() => parseXml(nested(400), { depth: 500 }))).toBeUndefined()
  })

  test('names that poison prototypes are harmless, and good names survive', () => {
    const { a } = parse(
      '<a __proto__="1"><__proto__><x>1</x></__proto__><constructor><prototype><x>1</x></prototype></constructor><b/></a>',
    )
    expect(Object.entries(a as XmlObject)).toEqual([
      ['@__proto__', '1'],
      ['b', ''],
    ])
    expect(Object.getPrototypeOf(a)).toBe(Object.prototype)
    expect(Object.getPrototypeOf(Object.assign({}, a))).toBe(Object.prototype)
    const text =
      '<team><constructor>Red Bull</constructor><toString>1</toString><prototype>2</prototype></team>'
    expect(Object.entries(parse(text)['team'] as XmlObject)).toEqual([
      ['constructor', 'Red Bull'],
      ['toString', '1'],
      ['prototype', '2'],
    ])
    expect(parse('<__proto__><x/></__proto__>')).toEqual({})
  })

  test('an error tells nothing of the document', () => {
    for (const text of [
      '<hunter2></hunter3>',
      '<a>&hunter2;</a>',
      '<a hunter2=1/>',
      '<a hunter2="1" hunter2="2"/>',
      'hunter2',
    ]) {
      expect(() => parse(text)).not.toThrow(/hunter/)
      expect(rejection(() => parse(text))).toBe('malformed_body')
    }
  })

  test('gives back any text, as text, CDATA or attribute', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => isXmlText(value))
    fc.assert(
      fc.property(text, (value) => {
        const escaped = value.replace(
          /[&<>"\r\n\t]/g,
          (character) => `&#${character.charCodeAt(0)};`,
        )
        expect(parse(`<a>${escaped}</a>`)).toEqual({ a: value })
        expect(parse(`<a b="${escaped}"/>`)).toEqual({ a: { '@b': value } })
        const section = value.replaceAll(']]>', ']]]]><![CDATA[>').replaceAll('\r', '\n')
        expect(parse(`<a><![CDATA[${section}]]></a>`)).toEqual({ a: value.replaceAll('\r', '\n') })
      }),
    )
  })

  test('no input makes any other error', () => {
    const piece = fc.constantFrom(
      ...PIECES,
      '<a>',
      '</a>',
      '<a/>',
      '<b c="1">',
      '</b>',
      '<?p',
      '?>',
      "'",
      "c='",
      '<!DOCTYPE',
      '[',
      '\0',
      '__proto__',
      '<__proto__>',
      'é',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        for (const document of [text, `<a>${text}</a>`]) {
          expect([undefined, 'malformed_body']).toContain(rejection(() => parse(document)))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

test('list() is an array in every case', () => {
  expect(list(undefined)).toEqual([])
  expect(list('')).toEqual([''])
  expect(list({ a: '1' })).toEqual([{ a: '1' }])
  expect(list(['1', '2'])).toEqual(['1', '2'])
})

/** https://www.w3.org/TR/xml/#charsets */
function isXmlText(value: string): boolean {
  return /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(value)
}
