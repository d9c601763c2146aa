import { emitKeypressEvents, type Key } from 'node:readline'
import { explain } from '@postern/core/explain'
import type { Delivery } from '@postern/core'
import type { StoredDelivery } from '@postern/core/inbox'
import type { About, Provider } from '@postern/core/scheme'
import { copyAsCurl, copyAsTest } from '@postern/testing'
import { whereToAdd } from '../setup.ts'
import { shown, styled } from '../style.ts'
import type { Entry } from './entry.ts'
import { lineOf } from './line.ts'

/** What the full-screen list needs. */
export interface ScreenContext {
  readonly name: string
  readonly about: About
  readonly provider: Provider
  readonly entries: readonly Entry[]
  /** The first line: where it listens. */
  readonly where: string
  /** Forwards a delivery again. Undefined without a target. */
  readonly again: ((entry: Entry) => Promise<string>) | undefined
}

/** A full-screen list of deliveries. */
export interface Screen {
  /** Draws what has changed. */
  draw(): void
  /** Resolves once the reader wants to leave. */
  readonly left: Promise<void>
  /** Restores the terminal. */
  close(): void
}

const KEYS = '↑↓ move · enter details · r run again · e explain · c curl · t test · q quit'
const ESC = '\u001B'

/** Takes over the terminal. It draws plain ANSI, and asks for each key. */
export function createScreen(context: ScreenContext): Screen {
  const { entries, name } = context
  const { stdin, stdout } = process
  let selected = 0
  let follows = true
  let note = ''
  /** Lines of the details; undefined in the list. */
  let details: readonly string[] | undefined
  let leave = (): void => undefined
  const left = new Promise<void>((resolve) => (leave = resolve))

  stdout.write(`${ESC}[?1049h${ESC}[?25l`)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKey)
  stdout.on('resize', draw)
  stdin.resume()
  draw()
  return { draw, left, close }

  function draw(): void {
    if (follows) selected = Math.max(0, entries.length - 1)
    const rows = Math.max(3, stdout.rows ?? 24) - 2
    const head = styled('bold', `postern listen ${name}  ${context.where}`)
    const body = details?.slice(0, rows) ?? list(rows)
    const foot = styled('dim', note || (details ? 'esc back · c curl · t test · q quit' : KEYS))
    const blank = Array.from({ length: Math.max(0, rows - body.length) }, () => '')
    const lines = [head, ...body, ...blank, foot].map((line) => `${line}${ESC}[K`)
    stdout.write(`${ESC}[H${lines.join('\r\n')}`)
  }

  function list(rows: number): readonly string[] {
    if (entries.length === 0)
      return [
        '',
        '  No deliveries yet. Send one:',
        `  postern send ${name} --to ${context.where}`,
        '',
        '  Or add a public URL that leads here at',
        shown(`  ${whereToAdd(context.about)}`, stdout.columns ?? 80),
      ]
    const first = Math.max(0, Math.min(selected - rows + 1, entries.length - rows))
    return entries.slice(first, first + rows).map((entry, at) => {
      const mark = first + at === selected ? styled('inverse', '›') : ' '
      return `${mark} ${lineOf(entry, name)}`
    })
  }

  function onKey(text: string | undefined, key: Key): void {
    note = ''
    const entry = entries[selected]
    if ((key.ctrl && key.name === 'c') || key.name === 'q') return leave()
    if (key.name === 'escape') details = undefined
    else if (key.name === 'up' || text === 'k') move(-1)
    else if (key.name === 'down' || text === 'j') move(1)
    else if (entry && key.name === 'return') details = detailsOf(entry)
    else if (entry && text !== undefined && 'rect'.includes(text))
      void act(text, entry).catch(failed)
    draw()
  }

  function move(by: number): void {
    details = undefined
    selected = Math.max(0, Math.min(entries.length - 1, selected + by))
    follows = selected === entries.length - 1
  }

  async function act(key: string, entry: Entry): Promise<void> {
    const { delivery } = entry
    if (!delivery) note = 'it was refused before its body was read: there is nothing to look at'
    else if (key === 'c') copy(copyAsCurl(storedOf(entry, delivery)), 'curl command')
    else if (key === 't') copy(await copyAsTest(context.about, storedOf(entry, delivery)), 'test')
    else if (key === 'r')
      note = context.again ? await context.again(entry) : 'give --forward to run again'
    else {
      entry.explanation = await explain(delivery, context.provider, { now: () => entry.at })
      details = detailsOf(entry)
    }
    draw()
  }

  // OSC 52: the terminal puts the text on its clipboard, over ssh too.
  function copy(text: string, what: string): void {
    stdout.write(`${ESC}]52;c;${Buffer.from(text).toString('base64')}\u0007`)
    note = `the ${what} was given to the clipboard of the terminal`
  }

  function failed(error: unknown): void {
    note = error instanceof Error ? shown(error.message) : 'that failed'
    draw()
  }

  function close(): void {
    stdin.off('keypress', onKey)
    stdout.off('resize', draw)
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(`${ESC}[?25h${ESC}[?1049l`)
  }

  function detailsOf(entry: Entry): readonly string[] {
    const { delivery, explanation } = entry
    const findings = explanation?.findings.flatMap(({ cause, certainty, message, remedy }) => [
      `  ${certainty}  ${cause}  ${shown(message, 400)}`,
      `    Remedy: ${shown(remedy, 400)}`,
    ])
    const verdict = explanation?.verdict === 'accepted' ? ['  accepted'] : []
    return [
      lineOf(entry, name),
      '',
      ...(explanation ? [...verdict, ...(findings ?? []), ''] : []),
      ...(delivery
        ? [...delivery.headerLines()].map(
            ([header, value]) => `  ${shown(header)}: ${shown(value)}`,
          )
        : []),
      '',
      ...(delivery ? bodyOf(delivery.body) : []),
    ]
  }
}

function storedOf({ at }: Entry, delivery: Delivery): StoredDelivery {
  const { method, url, body } = delivery
  return { method, url, body, headers: [...delivery.headerLines()], receivedAt: at }
}

function bodyOf(body: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(body.subarray(0, 65_536))
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
      .split('\n')
      .map((line) => `  ${shown(line)}`)
  } catch {
    return text.split('\n').map((line) => `  ${shown(line)}`)
  }
}
