import { shown } from '../print/terminal.ts'
import { wrapped } from '../print/width.ts'
import type { Entry } from './entry.ts'
import type { Hider } from './hide.ts'
import { lineOf } from './line.ts'

const MOST_TEXT = 65_536
const MOST_BYTES = 4096
const ROW = 16
// A body of 64 KiB may be nested 32,768 times.
const MOST_INDENT = 20

/** Why there is nothing of a delivery to look at. */
export const NO_BODY = {
  unread: 'it was refused before its body was read',
  dropped: 'its body was dropped, the largest of more than 32 MiB',
  kept: '',
} as const

/** The details of one delivery, on lines that fit the width of the terminal. The first line has styles. */
export function detailLines(
  entry: Entry,
  name: string,
  hide: Hider,
  columns: number,
): readonly string[] {
  const { delivery, explanation, reason, forwarded } = entry
  const said = [
    ...(reason === undefined ? [] : [`  ${shown(reason, 600)}`]),
    ...(forwarded === undefined ? [] : [`  → ${shown(forwarded)}`]),
    ...(explanation?.verdict === 'accepted' ? ['  accepted'] : []),
    ...(explanation?.findings ?? []).flatMap(({ cause, certainty, message, remedy }) => [
      `  ${certainty}  ${cause}  ${shown(message, 600)}`,
      `    Remedy: ${shown(remedy, 600)}`,
    ]),
  ]
  const parts = [
    said,
    ...(delivery
      ? [
          [`  ${delivery.method} ${shown(hide.text(delivery.url), 600)}`],
          delivery.headers.map(
            ([header, value]) => `  ${shown(header)}: ${shown(hide.header(header, value), 600)}`,
          ),
          bodyOf(delivery.body, hide),
        ]
      : [[`  ${NO_BODY[entry.body]}`]]),
  ]
  const lines = parts.filter((part) => part.length > 0).flatMap((part) => ['', ...part])
  return [
    lineOf(entry, name),
    ...lines.flatMap((line) => wrapped(line, columns, line.search(/\S|$/) + 2)),
  ]
}

function bodyOf(body: Uint8Array, hide: Hider): readonly string[] {
  if (body.length === 0) return ['  no body']
  const start = body.subarray(0, MOST_TEXT)
  const whole = start.length === body.length
  const more = whole ? [] : [`  … ${body.length} bytes in all`]
  const text = textOf(start, whole)
  if (text === undefined) return [...bytesOf(body), ...more]
  return [...pretty(hide.text(text)).map((line) => `  ${shown(line, MOST_TEXT)}`), ...more]
}

/** The text of UTF-8; undefined if it is none. */
function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  try {
    // A character may be cut in two at the end.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole })
  } catch {
    return undefined
  }
}

function pretty(text: string): readonly string[] {
  try {
    // Numbers stay as they came: a value would lose digits.
    JSON.parse(text)
    return indented(text).split('\n')
  } catch {
    return text.split(/\r?\n/)
  }
}

/** JSON text with line ends and indents between its tokens, which stay as they are. */
function indented(text: string): string {
  let depth = 0
  const line = (): string => `\n${'  '.repeat(Math.min(depth, MOST_INDENT))}`
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/gs) ?? []
  return tokens
    .map((token, at) => {
      const empty = tokens[at + 1] === '}' || tokens[at + 1] === ']'
      if (token === '{' || token === '[') {
        depth++
        return empty ? token : token + line()
      }
      if (token === '}' || token === ']') {
        depth--
        return tokens[at - 1] === '{' || tokens[at - 1] === '[' ? token : line() + token
      }
      if (token === ',') return token + line()
      return token === ':' ? ': ' : token
    })
    .join('')
}

/** Bytes that are no text: in hexadecimal, with the ASCII characters beside. */
function bytesOf(body: Uint8Array): readonly string[] {
  const lines = [`  ${body.length} bytes, not UTF-8`]
  for (let at = 0; at < Math.min(body.length, MOST_BYTES); at += ROW) {
    const row = Buffer.from(body.subarray(at, at + ROW))
    const hex = row.toString('hex').replaceAll(/..(?!$)/g, '$& ')
    const ascii = row.toString('latin1').replaceAll(/[^ -~]/g, '.')
    lines.push(`  ${at.toString(16).padStart(6, '0')}  ${hex.padEnd(ROW * 3)} ${ascii}`)
  }
  return lines
}
