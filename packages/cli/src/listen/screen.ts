import { emitKeypressEvents, type Key } from 'node:readline'
import type { About } from '@postern/core/scheme'
import { copyAsCurl, copyAsTest } from '@postern/samples'
import { whereToAdd } from '../sender/setup.ts'
import { rendered, shown, styled } from '../print/terminal.ts'
import { clipped } from '../print/width.ts'
import { detailLines, NO_BODY } from './details.ts'
import type { Entries, Entry } from './entry.ts'
import type { Hider } from './hide.ts'
import { keysLine, stepOf } from './keys.ts'
import { lineOf } from './line.ts'

/** What the full-screen list needs. */
interface ScreenContext {
  readonly name: string
  readonly about: About
  readonly entries: Entries
  readonly hide: Hider
  /** The first line: where it listens. */
  readonly where: string
  /** Explains a delivery. */
  readonly explain: (entry: Entry) => Promise<void>
  /** Forwards a delivery again. Undefined without a target. */
  readonly again: ((entry: Entry) => Promise<string>) | undefined
}

/** A full-screen list of deliveries. */
interface Screen {
  /** Draws what has changed, soon. */
  draw(): void
  /** Resolves once the reader wants to leave. */
  readonly left: Promise<void>
  /** Restores the terminal. */
  close(): void
}

const ESC = '\u001B'
// Milliseconds between two drawings: a burst of deliveries is drawn once.
const PACE = 50

/** Takes over the terminal. It draws plain ANSI, and asks for each key. */
export function createScreen(context: ScreenContext): Screen {
  const { entries, hide, name } = context
  const { stdin, stdout } = process
  /** Undefined follows the newest. */
  let selected: Entry | undefined
  let note = ''
  /** The delivery whose details are shown; undefined in the list. */
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

  /** Where the selected entry is now: the oldest, if it was dropped. */
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
    else if (entry && text !== undefined && 'rect'.includes(text))
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
    if (!delivery) note = `${NO_BODY[entry.body]}: there is nothing to look at`
    else if (key === 'c') {
      const origin = context.where.replace(/\/$/, '')
      copy(copyAsCurl(delivery, { origin, parts: hide.parts }), 'curl command')
    } else if (key === 't')
      copy(await copyAsTest(context.about, { ...delivery, receivedAt: entry.at }), 'test')
    else if (key === 'r') {
      if (context.again) entry.forwarded = await context.again(entry)
      note = context.again ? shown(entry.forwarded!) : 'give --forward to run again'
    } else {
      open(entry)
      await context.explain(entry)
    }
    drawNow()
  }

  // OSC 52: the terminal puts the text on its clipboard, over ssh too.
  function copy(text: string, what: string): void {
    stdout.write(`${ESC}]52;c;${Buffer.from(text).toString('base64')}\u0007`)
    note = `the ${what} was given to the clipboard of the terminal`
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

  // At an exit too that nobody planned: a terminal in raw mode is of no use.
  function restore(): void {
    stdin.setRawMode(false)
    stdout.write(`${ESC}[?25h${ESC}[?1049l`)
  }
}
