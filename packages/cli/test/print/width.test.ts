import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { remark, say, sayWhole } from '../../src/print/say.ts'
import { state } from '../../src/print/style.ts'
import { table } from '../../src/print/table.ts'
import { rendered, shown, styled } from '../../src/print/terminal.ts'
import { clipped, shortened, squeezed, widthOf, wrapped } from '../../src/print/width.ts'

// Turns colors on, since the tests have no terminal.
beforeAll(() => {
  vi.stubEnv('FORCE_COLOR', '1')
  expect(rendered(state('dead'))).toBe('\u001B[31m✕\u001B[39m dead')
})
afterAll(() => vi.unstubAllEnvs())

// Counts columns independently of the tested code. East Asian Wide and Fullwidth characters take two columns.
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFF01-\uFF60]|\p{Emoji_Presentation}/u
function columnsIn(line: string): number {
  return Array.from(stripVTControlCharacters(line)).reduce(
    (sum, sign) => sum + (/\p{M}/u.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1),
    0,
  )
}

// Characters that have the same width in all tables: Latin, Greek, Cyrillic, Hebrew, marks, kana, Han, Yi and Hangul.
const signs = fc.mapToConstant(
  ...[
    [0x41, 0x5a],
    [0xc0, 0x17f],
    [0x3b1, 0x3c1],
    [0x410, 0x44f],
    [0x5d0, 0x5ea],
    [0x300, 0x30f],
    [0x3041, 0x3096],
    [0x4e00, 0x9fa5],
    [0xa000, 0xa48c],
    [0xac00, 0xd7a3],
  ].map(([first = 0, last = 0]) => ({
    num: last - first + 1,
    build: (at: number) => String.fromCharCode(first + at),
  })),
)

const words = fc.oneof(
  fc.constantFrom(
    '郵便局',
    'e\u0301\u0327',
    'שָׁלוֹם',
    '한국어',
    '⚡',
    '👍',
    '…',
    '●',
    'mail',
    '../../etc/passwd',
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: signs, maxLength: 12 }),
  fc.constant('x'.repeat(200)),
)
const texts = fc.array(words, { maxLength: 12 }).map((all) => shown(all.join(' '), 400))
const widths = fc.integer({ min: 20, max: 200 })
const names = fc.constantFrom('done', 'dead', 'pending', 'retrying').map(state)
const letters = (text: string): string =>
  stripVTControlCharacters(rendered(text)).replaceAll(/\s/g, '')

describe('nothing is one column too wide, from 20 to 200 columns', () => {
  test('a table, whichever of its columns fall out', () => {
    const row = fc.tuple(fc.constantFrom('00:01:02', '7'), names, texts, texts, texts)
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 6 }),
        widths,
        fc.boolean(),
        (rows, columns, wraps) => {
          const text = rendered(
            table([['received', 'state', 'receiver', 'topic', 'error'], ...rows], {
              drops: ['topic', 'received', 'receiver'],
              wraps,
              columns,
            }),
          )
          for (const line of text.split('\n')) expect(columnsIn(line)).toBeLessThanOrEqual(columns)
        },
      ),
    )
  })

  test('a line that is cut, with its styles', () => {
    fc.assert(
      fc.property(names, texts, widths, (name, text, columns) => {
        const line = `${name}  ${text}`
        const cut = rendered(clipped(line, columns))
        expect(columnsIn(cut)).toBeLessThanOrEqual(columns)
        // If a wide character does not fit, one column stays empty.
        if (widthOf(line) > columns)
          expect(widthOf(clipped(line, columns))).toBeGreaterThanOrEqual(columns - 1)
        expect(columnsIn(rendered(squeezed(text, columns)))).toBeLessThanOrEqual(columns)
      }),
    )
  })

  test('a styled text is cut as its plain letters are, and no piece of a style is printed', () => {
    const styledText = fc
      .array(fc.tuple(fc.constantFrom('red', 'bold', undefined), texts), { maxLength: 6 })
      .map((parts) => ({
        plain: parts.map(([, text]) => text).join(''),
        text: parts
          .map(([format, text]) => (format ? styled(format as 'red', text) : text))
          .join(''),
      }))
    fc.assert(
      fc.property(styledText, widths, ({ plain, text }, columns) => {
        for (const cut of [clipped, shortened, squeezed]) {
          const shownText = rendered(cut(text, columns))
          expect(stripVTControlCharacters(shownText)).toBe(rendered(cut(plain, columns)))
        }
        const lines = wrapped(text, columns, 4).map((line) =>
          stripVTControlCharacters(rendered(line)),
        )
        expect(letters(lines.join(''))).toBe(letters(plain))
      }),
    )
  })

  test('a text that is wrapped, which keeps every letter', () => {
    fc.assert(
      fc.property(names, texts, widths, fc.nat(40), (name, text, columns, indent) => {
        const lines = wrapped(`  ${name}  ${text}`, columns, indent)
        for (const line of lines) expect(columnsIn(rendered(line))).toBeLessThanOrEqual(columns)
        for (const line of lines.slice(1)) {
          const [first = ''] = line.trimStart().split(/\s/)
          const room = Math.max(0, columns - columnsIn(rendered(first)))
          const blanks = Math.min(indent, Math.floor(columns / 2), room)
          expect(line.startsWith(' '.repeat(blanks))).toBe(true)
        }
        expect(letters(lines.join(''))).toBe(letters(`${name}${text}`))
      }),
    )
  })
})

describe('at 60, 80 and 120 columns no line breaks inside a word that fits', () => {
  const columns = fc.constantFrom(60, 80, 120)
  const pieces = fc.constantFrom(
    'mail',
    ', ',
    '  ',
    '(',
    ' invoice.paid',
    '郵便局',
    '한국어 ',
    'שָׁלוֹם',
    '../../etc/passwd ',
    'x'.repeat(50),
    'y'.repeat(130),
  )
  // The style may change within a word.
  const marked = fc
    .array(fc.tuple(fc.constantFrom('red', 'bold', undefined), pieces), {
      minLength: 1,
      maxLength: 60,
    })
    .map((parts) =>
      parts.map(([format, text]) => (format ? styled(format as 'red', text) : text)).join(''),
    )
  const wordsIn = (printed: string): readonly string[] =>
    stripVTControlCharacters(printed).trim().split(/\s+/)

  /** Expects every word of a text in one piece, except words that are wider than a line. */
  function expectWhole(printed: string, text: string, width: number): void {
    const left = [...wordsIn(printed)]
    for (const word of wordsIn(rendered(text))) {
      let piece = left.shift() ?? ''
      if (columnsIn(word) > width) while (piece.length < word.length) piece += left.shift() ?? ' '
      expect(piece).toBe(word)
    }
    expect(left).toEqual([])
  }

  test.each([
    ['say', say, process.stdout],
    ['remark', remark, process.stderr],
  ] as const)('%s', (_, print, stream) => {
    fc.assert(
      fc.property(fc.array(marked, { minLength: 1, maxLength: 3 }), columns, (lines, width) => {
        const printed = printedBy(stream, width, () => print(lines.join('\n')))
        for (const line of printed.split('\n')) expect(columnsIn(line)).toBeLessThanOrEqual(width)
        expectWhole(printed, lines.join('\n'), width)
      }),
    )
  })

  test('a table that continues its last column', () => {
    fc.assert(
      fc.property(marked, columns, (text, width) => {
        const printed = rendered(table([['signed', text]], { wraps: true, columns: width }))
        for (const line of printed.split('\n')) expect(columnsIn(line)).toBeLessThanOrEqual(width)
        expectWhole(printed, `signed ${text}`, width)
      }),
    )
  })

  test('a table that cuts its last column', () => {
    fc.assert(
      fc.property(marked, columns, (text, width) => {
        const printed = rendered(table([['error'], [text]], { columns: width })).split('\n')[1]!
        expect(columnsIn(printed)).toBeLessThanOrEqual(width)
        const whole = wordsIn(rendered(text))
        const kept = wordsIn(stripVTControlCharacters(printed).replace(/…$/, ''))
        const last = kept.length - 1
        expect(kept.slice(0, -1)).toEqual(whole.slice(0, last))
        // Only a word that is as wide as the line may be cut.
        if (kept[last] !== whole[last]) expect(columnsIn(whole[last]!)).toBeGreaterThan(width - 1)
      }),
    )
  })

  test('what is copied keeps its lines', () => {
    const command = `curl -i ${'https://example.com/ '.repeat(10)}`
    const printed = printedBy(process.stdout, 60, () => sayWhole(command))
    expect(printed).toBe(`${command}\n`)
  })
})

/** Returns what `print` writes to a stream that seems to be a terminal of this width. */
function printedBy(stream: NodeJS.WriteStream, columns: number, print: () => void): string {
  const { isTTY, columns: before } = stream
  let printed = ''
  const written = vi.spyOn(stream, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  Object.assign(stream, { isTTY: true, columns })
  try {
    print()
  } finally {
    written.mockRestore()
    Object.assign(stream, { isTTY, columns: before })
  }
  return printed
}

describe('a table', () => {
  const rows = [
    ['received', 'state', 'receiver', 'attempts', 'task', 'error'],
    [
      '12:00:03',
      state('dead'),
      'shop',
      '7',
      '65536',
      'SMTP 421 too many connections from this host',
    ],
  ]
  const drops = ['attempts', 'received', 'receiver']
  const at = (columns: number): readonly string[] =>
    stripVTControlCharacters(rendered(table(rows, { drops, columns }))).split('\n')

  test('says everything in a pipe', () => {
    expect(at(Infinity)).toEqual([
      'received  state   receiver  attempts  task   error',
      '12:00:03  ✕ dead  shop             7  65536  SMTP 421 too many connections from this host',
    ])
  })

  test('cuts the last column first, then columns fall out in their order; the id stays whole', () => {
    expect(at(67)[1]).toBe('12:00:03  ✕ dead  shop             7  65536  SMTP 421 too many…')
    expect(at(60)[1]).toBe('12:00:03  ✕ dead  shop      65536  SMTP 421 too many…')
    expect(at(52)).toEqual([
      'received  state   receiver  task   error',
      '12:00:03  ✕ dead  shop      65536  SMTP 421 too…',
    ])
    expect(at(36)[1]).toBe('✕ dead  65536  SMTP 421 too many…')
    expect(at(20)[1]).toBe('✕ dead  65536  SMTP…')
  })

  test('a name of 200 characters keeps its ends and leaves room', () => {
    const long = `shop-${'x'.repeat(190)}-eu-1`
    const [, line] = stripVTControlCharacters(
      rendered(
        table(
          [
            ['receiver', 'error'],
            [long, 'no'],
          ],
          { drops: ['receiver'], columns: 80 },
        ),
      ),
    ).split('\n')
    expect(line).toBe(`shop-xxxxxxxxx…xxxxxxxx-eu-1  no`)
  })

  test('its last column goes on below itself', () => {
    expect(
      table(
        [
          ['signed', 'the bytes of the body, a time'],
          ['tolerance', '300 s'],
        ],
        { wraps: true, columns: 33 },
      ).split('\n'),
    ).toEqual(['signed     the bytes of the body,', '           a time', 'tolerance  300 s'])
  })
})
