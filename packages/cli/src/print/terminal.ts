import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { inertText } from '@postern/core/inert'

type Format = Parameters<typeof styleText>[0]

const ESC = '\u001B'
// Start of our own escape sequences. The start is random, so that text from outside cannot imitate these sequences. All
// other escape sequences are escaped.
const OURS = `${ESC}${randomBytes(12).toString('base64url')}`

let ascii = false

/** Makes everything that is printed from now on printable ASCII, for `--ascii`. */
export function useAscii(): void {
  ascii = true
}

/** Adds a style to a text if stdout is a terminal and NO_COLOR is not set. Print the text through {@link rendered}. */
export function styled(format: Format, text: string): string {
  const [open = '', close = ''] = styleText(format, '\0', { stream: process.stdout })
    .replaceAll(ESC, OURS)
    .split('\0')
  return `${open}${text}${close}`
}

/**
 * Returns text from outside on one line, with at most `most` characters. Characters that could control the terminal
 * become escapes.
 */
export function shown(text: string, most = 200): string {
  const head = text.length > most ? text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '') : text
  return `${inertText(head, { ascii })}${head === text ? '' : '…'}`
}

/**
 * Converts a text for the terminal. Styles of {@link styled} are applied, and all other control characters become
 * escapes.
 */
export function rendered(text: string): string {
  return stretches(text)
    .map(({ style, plain }) => `${style.replace(OURS, ESC)}${plain}`)
    .join('')
}

/**
 * Splits a text at the styles of {@link styled}. Each part has its style, or an empty string, and the escaped text up
 * to the next style.
 */
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

/** ASCII forms of our own signs, for `--ascii`. {@link shown} has already escaped these signs in text from outside. */
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
