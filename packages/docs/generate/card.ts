// The preview picture of a link (og:image). Letters are outlines of a font from npm: all machines draw the same.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Opentype from 'opentype.js'
import sharp from 'sharp'

const require = createRequire(import.meta.url)
const { parse } = require('opentype.js') as typeof Opentype
const font = (weight: number): Opentype.Font => {
  const file = require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`)
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return parse(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer)
}
const BOLD = font(700)
const PLAIN = font(400)
const ARCH = readFileSync(join(import.meta.dirname, '..', 'src', 'assets', 'arch.svg'), 'utf8')

const WIDTH = 1200
const HEIGHT = 630
const EDGE = 80
const INK = '#f2f3f5'
const MUTED = '#9ea1ac'

// Widths of the drawn bytes. Those of ODD differ between the two rows.
const BYTES = [46, 88, 30, 64, 120, 38, 72, 52, 96, 34]
const ODD = [3, 6]

// Drawing a card costs 0.1 s of CPU: keep it until its content changes.
const KEPT = join(import.meta.dirname, '..', 'node_modules', '.cache', 'cards')

/** A picture with a name, a question and a line below, as PNG. */
export async function card(name: string, question: string, below: string): Promise<Uint8Array> {
  const svg = drawing(name, question, below)
  const file = join(KEPT, `${createHash('sha256').update(svg).digest('hex')}.png`)
  if (existsSync(file)) return readFileSync(file)
  const look = { palette: true, colours: 64, dither: 0, effort: 1 }
  const png = await sharp(Buffer.from(svg)).png(look).toBuffer()
  mkdirSync(KEPT, { recursive: true })
  writeFileSync(file, png)
  return png
}

function drawing(name: string, question: string, below: string): string {
  const title = fitted(BOLD, name, 108)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
<rect width="100%" height="100%" fill="#131417"/>
<g transform="translate(${EDGE} 64)"><svg width="56" height="56" viewBox="${/viewBox="([^"]+)"/.exec(ARCH)![1]}" fill="none" stroke="#93a8ff" stroke-width="3" stroke-linejoin="round">${/<svg[^>]*>([^]*)<\/svg>/.exec(ARCH)![1]!}</svg></g>
${text(BOLD, 'Postern', EDGE + 76, 106, 38, '#93a8ff')}
${text(BOLD, name, EDGE, 262, title, INK)}
${text(PLAIN, question, EDGE, 340, fitted(PLAIN, question, 56), INK)}
${bytes(400, true)}
${bytes(452, false)}
${text(PLAIN, below, EDGE, 570, fitted(PLAIN, below, 34), MUTED)}
</svg>`
}

/** A row of bars: the bytes that were signed, or that came. */
function bytes(y: number, isSigned: boolean): string {
  let x = EDGE
  return BYTES.map((width, at) => {
    const isOdd = ODD.includes(at)
    const fill = isOdd ? (isSigned ? '#3fb56b' : '#e5534b') : '#43464f'
    const drawn = isOdd && !isSigned ? width / 2 : width
    const bar = `<rect x="${x}" y="${y}" width="${drawn}" height="28" rx="6" fill="${fill}"/>`
    x += drawn + 14
    return bar
  }).join('')
}

type Drawn = { readonly type: string } & Partial<
  Record<'x1' | 'y1' | 'x2' | 'y2' | 'x' | 'y', number>
>

/** The size at which a text is not wider than the card. */
function fitted(face: Opentype.Font, words: string, size: number): number {
  return Math.min(size, (size * (WIDTH - 2 * EDGE)) / set(face, words, size).width)
}

function text(
  face: Opentype.Font,
  words: string,
  x: number,
  y: number,
  size: number,
  fill: string,
): string {
  const drawn = set(face, words, size).glyphs.flatMap(({ glyph, at }) =>
    glyph.getPath(x + at, y, size).commands.map((command) => {
      const { type, x1, y1, x2, y2, x: toX, y: toY } = command as Drawn
      const places = [x1, y1, x2, y2, toX, toY].filter((place) => place !== undefined)
      return `${type}${places.map((place) => place.toFixed(1)).join(' ')}`
    }),
  )
  return `<path fill="${fill}" d="${drawn.join('')}"/>`
}

/** The glyphs of a text, each at its place. The library does not support the ligatures of this font. */
function set(face: Opentype.Font, words: string, size: number) {
  const scale = size / face.unitsPerEm
  let width = 0
  const glyphs = Array.from(words, (sign) => {
    const glyph = face.charToGlyph(sign)
    const at = width
    width += (glyph.advanceWidth ?? 0) * scale
    return { glyph, at }
  })
  return { glyphs, width }
}
