import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { inertText } from '@postern/core/inert'

type Format = Parameters<typeof styleText>[0]

const ESC = '\u001B'
// Nobody outside of this process knows it: an escape sequence without it is data, and is shown as such.
const OURS = `${ESC}${randomBytes(12).toString('base64url')}`

let ascii = false

/** From now on, everything printed is printable ASCII: `--ascii`. */
export function useAscii(): void {
  ascii = true
}

/** Text in a style, if stdout is a terminal and NO_COLOR is not set. It must go through {@link rendered}. */
export function styled(format: Format, text: string): string {
  const [open = '', close = ''] = styleText(format, '\0', { stream: process.stdout })
    .replaceAll(ESC, OURS)
    .split('\0')
  return `${open}${text}${close}`
}

/**
 * Text from outside, on one line of a terminal: at most `most` characters of it, with all that could act written as escapes.
 */
export function shown(text: string, most = 200): string {
  const head = text.length > most ? text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '') : text
  return `${inertText(head, { ascii })}${head === text ? '' : '…'}`
}

/**
 * The text for the terminal: styles of {@link styled} are applied, and every other control character becomes an
 * escape.
 */
export function rendered(text: string): string {
  return stretches(text)
    .map(({ style, plain }) => `${style.replace(OURS, ESC)}${plain}`)
    .join('')
}

/** A text in stretches: each a style of {@link styled}, or none, and the characters after it, as they are shown. */
export function stretches(
  text: string,
): readonly { readonly style: string; readonly plain: string }[] {
  const [first = '', ...rest] = text.split(OURS)
  return [
    { style: '', plain: inertLines(first) },
    ...rest.map((part) => {
      const [style = ''] = /^\[[\d;]*m/.exec(part) ?? []
      return { style: style && `${OURS}${style}`, plain: inertLines(part.slice(style.length)) }
    }),
  ]
}

function inertLines(text: string): string {
  if (!ascii) return text.replaceAll(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (sign) => inertText(sign))
  return text.replaceAll(/[^\n -~]/gu, (sign) => SIGNS[sign] ?? inertText(sign, { ascii }))
}

/** Our own signs in ASCII. Those in data are escaped before. */
const SIGNS: Readonly<Record<string, string>> = {
  '●': '*',
  '○': 'o',
  '◐': '~',
  '⚡': '!',
  '✕': 'x',
  '⊘': 'x',
  '↺': '<',
  '–': '-',
  '─': '-',
  '│': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '…': '...',
  '→': '->',
  '›': '>',
  '·': '|',
  '×': 'x',
  '±': '+-',
  '↑': '^',
  '↓': 'v',
  '█': '#',
  '░': '.',
  '’': "'",
}
