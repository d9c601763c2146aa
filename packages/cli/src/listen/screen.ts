import { emitKeypressEvents, type Key } from 'node:readline'
import type { About } from '@postern/core/scheme'
import { copyAsCurl, copyAsTest } from '@postern/samples'
import { whereToAdd } from '../sender/setup.ts'
import { rendered, shown, styled } from '../print/terminal.ts'
import { clipped, wrapped } from '../print/width.ts'
import type { Entries, Entry } from './entry.ts'
import type { Hider } from './hide.ts'
import { lineOf } from './line.ts'

interface ScreenContext {
  readonly name: string
  readonly about: About
  readonly entries: Entries
  readonly hide: Hider
  readonly where: string
  readonly explain: (entry: Entry) => Promise<void>
  readonly again: ((entry: Entry, isNew: boolean) => Promise<string>) | undefined
}

interface Screen {
  draw(): void
  readonly left: Promise<void>
  close(): void
}

const ESC = '\u001B'
// Minimum time between two drawings, in milliseconds, so that a burst of deliveries is drawn once.
const PACE = 50

/** Creates a full-screen view in the terminal, with ANSI sequences. Raw mode delivers each key. */
export function createScreen(context: ScreenContext): Screen {
  const { entries, hide, name } = context
  const { stdin, stdout } = process
  /** Selected delivery. Undefined always selects the newest. */
  let selected: Entry | undefined
  let note = ''
  /** Delivery whose details are shown. Undefined while the list is shown. */
  let opened: Entry | undefined
  let top = 0
  let timer: NodeJS.Timeout | undefined
  let leave = (): void => undefined
  const left = new Promise<void>((resolve) => (leave = resolve))

  stdout.write(`${ESC}[?1049h${ESC}[?25l`)
  process.once('exit', restore)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKey)
  stdout.on('resize', onResize)
  stdin.resume()
  drawNow()
  return { draw, left, close }

  function draw(): void {
    timer ??= setTimeout(drawNow, PACE)
  }

  function drawNow(): void {
    clearTimeout(timer)
    timer = undefined
    const columns = Math.max(10, stdout.columns)
    const rows = height()
    const count = entries.total === 0 ? '' : `  ${entries.total} arrived`
    const head = styled('bold', `postern listen ${name}  ${context.where}${count}`)
    const body = opened ? detail(opened, columns, rows) : list(rows)
    const blank = Array.from({ length: Math.max(0, rows - body.length) }, () => '')
    const lines = [head, ...body, ...blank, styled('dim', foot(columns))].map((line) =>
      rendered(clipped(line, columns)),
    )
    stdout.write(`${ESC}[H${lines.map((line) => `${line}${ESC}[K`).join('\r\n')}`)
  }

  function height(): number {
    return Math.max(1, stdout.rows - 2)
  }

  function foot(columns: number): string {
    return note === '' ? keysLine(columns, opened !== undefined) : note
  }

  function detail(entry: Entry, columns: number, rows: number): readonly string[] {
    const [first = '', ...rest] = detailLines(entry, name, hide, columns)
    top = Math.max(0, Math.min(top, rest.length - (rows - 1)))
    return [first, ...rest.slice(top, top + rows - 1)]
  }

  function list(rows: number): readonly string[] {
    const { all } = entries
    if (all.length === 0)
      return [
        '',
        '  No deliveries yet. Send one:',
        `  postern send ${name} --to ${context.where}`,
        '',
        '  Or add a public URL that leads here at',
        `  ${whereToAdd(context.about)}`,
      ].slice(0, rows)
    const at = place()
    const first = Math.max(0, Math.min(at - rows + 1, all.length - rows))
    return all.slice(first, first + rows).map((entry, row) => {
      const mark = first + row === at ? styled('inverse', '›') : ' '
      return `${mark} ${lineOf(entry, name)}`
    })
  }

  /** Returns the index of the selected entry. If that entry was dropped, returns the index of the oldest. */
  function place(): number {
    const newest = entries.all.length - 1
    return selected === undefined ? newest : Math.max(0, entries.all.indexOf(selected))
  }

  function onResize(): void {
    stdout.write(`${ESC}[2J`)
    drawNow()
  }

  function onKey(text: string | undefined, key: Key): void {
    note = ''
    const entry = opened ?? entries.all[place()]
    if ((key.ctrl && key.name === 'c') || key.name === 'q') return leave()
    const by = stepOf(key.name, height()) ?? stepOf(text, height())
    if (key.name === 'escape') opened = undefined
    else if (by !== undefined) move(by)
    else if (entry && key.name === 'return') open(entry)
    else if (entry && text !== undefined && 'rnect'.includes(text))
      void act(text, entry).catch(failed)
    drawNow()
  }

  function open(entry: Entry): void {
    if (opened !== entry) top = 0
    opened = entry
  }

  function move(by: number): void {
    if (opened) {
      top = Math.max(0, top + by)
      return
    }
    const at = Math.max(0, Math.min(entries.all.length - 1, place() + by))
    selected = at === entries.all.length - 1 ? undefined : entries.all[at]
  }

  async function act(key: string, entry: Entry): Promise<void> {
    const { delivery } = entry
    if (!delivery) note = `${NO_BODY}: there is nothing to look at`
    else if (key === 'c') {
      const origin = context.where.replace(/\/$/, '')
      copy(copyAsCurl(delivery, { origin, parts: hide.parts }), 'curl command')
    } else if (key === 't')
      copy(await copyAsTest(context.about, { ...delivery, receivedAt: entry.at }), 'test')
    else if (key === 'r' || key === 'n') {
      note = context.again ? await context.again(entry, key === 'n') : 'give --to to send it again'
    } else {
      open(entry)
      await context.explain(entry)
    }
    drawNow()
  }

  // Escape sequence OSC 52: the terminal copies the text to its clipboard, also over ssh.
  function copy(text: string, what: string): void {
    stdout.write(`${ESC}]52;c;${Buffer.from(text).toString('base64')}\u0007`)
    note = `copied the ${what} to the clipboard of the terminal`
  }

  function failed(error: unknown): void {
    note = error instanceof Error ? shown(error.message) : 'that failed'
    drawNow()
  }

  function close(): void {
    clearTimeout(timer)
    stdin.off('keypress', onKey)
    stdout.off('resize', onResize)
    stdin.pause()
    process.off('exit', restore)
    restore()
  }

  // Also runs after an unexpected exit, because a terminal in raw mode would be unusable.
  function restore(): void {
    stdin.setRawMode(false)
    stdout.write(`${ESC}[?25h${ESC}[?1049l`)
  }
}

const LIST = '↑↓ move · enter open · r again · n new id · e explain · c curl · t test · q quit'
const DETAILS = '↑↓ scroll · esc back · r again · n new id · e explain · c curl · t test · q quit'
const NARROW = '↑↓ enter esc r n e c t q'

function keysLine(columns: number, details: boolean): string {
  const keys = details ? DETAILS : LIST
  return keys.length <= columns ? keys : NARROW
}

/** Returns the number of lines to move for a key, on a screen with this number of rows. Undefined for other keys. */
function stepOf(key: string | undefined, rows: number): number | undefined {
  return STEPS[key ?? '']?.(rows)
}

const STEPS: Readonly<Record<string, (rows: number) => number>> = {
  up: () => -1,
  k: () => -1,
  down: () => 1,
  j: () => 1,
  pageup: (rows) => -rows,
  pagedown: (rows) => rows,
  space: (rows) => rows,
  home: () => -Infinity,
  end: () => Number.MAX_SAFE_INTEGER,
}

const MOST_TEXT = 65_536
const MOST_BYTES = 4096
const ROW = 16
// Maximum depth of indentation, because a body of 64 KiB may be nested 32,768 levels deep.
const MOST_INDENT = 20

const NO_BODY = 'its body was dropped, the largest of more than 32 MiB'

/** Returns the details of one delivery, as lines that fit the width of the terminal. Only the first line has styles. */
function detailLines(entry: Entry, name: string, hide: Hider, columns: number): readonly string[] {
  const { delivery, explanation, reason } = entry
  const said = [
    ...(reason === undefined ? [] : [`  ${shown(reason, 600)}`]),
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
      : [[`  ${NO_BODY}`]]),
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

function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  try {
    // `stream` allows an incomplete character at the end, where the bytes may be cut off.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole })
  } catch {
    return undefined
  }
}

function pretty(text: string): readonly string[] {
  try {
    // Checks only that the text is JSON. The text itself is indented, because parsed numbers could lose digits.
    JSON.parse(text)
    return indented(text).split('\n')
  } catch {
    return text.split(/\r?\n/)
  }
}

/** Adds line breaks and indentation to JSON text. Its tokens stay unchanged. */
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

/** Returns a hex dump of bytes, with their ASCII characters. */
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
