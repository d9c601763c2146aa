import { emitKeypressEvents, type Key } from 'node:readline'
import type { About, Provider } from '@postern/core/scheme'
import { remark, say, sayJson } from '../print/say.ts'
import { shown } from '../print/terminal.ts'
import { setupRows } from '../sender/setup.ts'
import { createEntries, type Entries, type Entry } from './entry.ts'
import { createHider } from './hide.ts'
import { lineOf } from './line.ts'
import type { Recipient } from './recipient.ts'
import { explain, explainedCodes } from '@postern/core/explain'

export interface Show {
  readonly entries: Entries
  add(recipient: Recipient, entry: Entry): void
  /** Resolves when the user presses the key to quit. Never resolves if no keys are read. */
  readonly left: Promise<void>
  close(): void
}

interface KeyActions {
  /** Sends a delivery to the app again, and returns the result as text. Undefined without an app. */
  readonly again: ((entry: Entry, isNew: boolean) => Promise<string>) | undefined
}

/**
 * Prints a line or a JSON object for each delivery. In a terminal, the key `r` sends the last delivery again, and `n`
 * sends it with a new id.
 */
export function printing(json: boolean, { again }: KeyActions): Show {
  const entries = createEntries()
  const explainers = new Map<Provider, ReturnType<typeof createExplaining>>()
  const keys = again && !json && process.stdin.isTTY ? readKeys(onKey) : undefined
  return {
    entries,
    add(recipient, entry) {
      entries.add(entry)
      const { at, status, took, outcome, code, reason, events } = entry
      if (json) sayJson({ at, status, took: Math.round(took), outcome, code, reason, events })
      else tellEntry(entry, recipient)
      if (recipient.provider) explainerOf(recipient.provider).offer(entry)
    },
    left: keys?.left ?? new Promise(() => undefined),
    close: () => keys?.close(),
  }

  function explainerOf(provider: Provider): ReturnType<typeof createExplaining> {
    const known = explainers.get(provider)
    if (known) return known
    const made = createExplaining(provider, explained, !json)
    explainers.set(provider, made)
    return made
  }

  function explained({ at, explanation }: Entry): void {
    const { findings } = explanation!
    if (json) return sayJson({ at, findings })
    for (const { cause, certainty, message } of findings.slice(0, 3))
      say(`          ${certainty}: ${cause} (${shown(message, 200)})`)
  }

  async function onKey(isNew: boolean): Promise<void> {
    const entry = entries.all.findLast(({ delivery }) => delivery !== undefined)
    say(`          ${entry ? await again!(entry, isNew) : 'nothing has come yet'}`)
  }
}

function tellEntry(entry: Entry, { name, to }: Recipient): void {
  // The reason why the app rejected a delivery is printed on a separate line.
  const { reason } = entry
  say(lineOf(to && reason !== undefined ? { ...entry, reason: undefined } : entry, name))
  if (to && reason !== undefined) say(`          ${shown(reason, 600)}`)
}

function readKeys(again: (isNew: boolean) => Promise<void>): Pick<Show, 'left' | 'close'> {
  const { stdin } = process
  let leave = (): void => undefined
  const left = new Promise<void>((resolve) => (leave = resolve))
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKey)
  process.once('exit', restore)
  stdin.resume()
  return {
    left,
    close() {
      stdin.off('keypress', onKey)
      process.off('exit', restore)
      restore()
      stdin.pause()
    },
  }

  function onKey(text: string | undefined, { ctrl, name }: Key): void {
    if (text === 'q' || (ctrl && name === 'c')) leave()
    else if (text === 'r' || text === 'n')
      void again(text === 'n').catch((error: unknown) => say(`          ${String(error)}`))
  }

  function restore(): void {
    stdin.setRawMode(false)
  }
}

export async function onScreen(
  recipient: Recipient,
  where: string,
  actions: KeyActions,
): Promise<Show> {
  const { createScreen } = await import('./screen.ts')
  const { name, about, provider, secrets, variable } = recipient
  const entries = createEntries()
  const signer = provider ?? about.create(about.example)
  const explaining = createExplaining(signer, () => screen.draw())
  const screen = createScreen({
    name,
    about,
    entries,
    hide: createHider(signer, secrets, variable),
    where,
    explain: async (entry) => explaining.now(entry),
    again: actions.again,
  })
  return {
    entries,
    add(_subject, entry) {
      entries.add(entry)
      screen.draw()
      explaining.offer(entry)
    },
    left: screen.left,
    close: () => screen.close(),
  }
}

export function tellSteps(about: About, url: string): void {
  remark(`${about.title}: add this URL by hand, and remove it there at the end:`)
  remark(`  ${url}`)
  for (const [label, text] of setupRows(about)) remark(`  ${label.padEnd(12)} ${text}`)
}

const BOUND = 5000

interface Explaining {
  /**
   * Explains a rejection and then calls `explained`. While an explanation runs, only the newest rejection waits; older
   * ones are skipped.
   */
  offer(entry: Entry): void
  /** Explains a delivery. A second call returns the promise of the first. */
  now(entry: Entry): Promise<void>
}

function createExplaining(
  provider: Provider,
  explained: (entry: Entry) => void,
  fingerprints = true,
): Explaining {
  let isBusy = false
  let next: Entry | undefined
  const started = new WeakMap<Entry, Promise<void>>()
  return { offer, now }

  function offer(entry: Entry): void {
    if (!entry.delivery || entry.code === undefined || !explainedCodes.has(entry.code)) return
    next = entry
    if (!isBusy) void work()
  }

  async function work(): Promise<void> {
    isBusy = true
    while (next) {
      const entry = next
      next = undefined
      // Waits, so that the reply to the provider goes out first.
      await new Promise((resolve) => setTimeout(resolve))
      await now(entry).then(
        () => explained(entry),
        () => undefined,
      )
    }
    isBusy = false
  }

  function now(entry: Entry): Promise<void> {
    const known = started.get(entry) ?? search(entry)
    started.set(entry, known)
    return known
  }

  async function search(entry: Entry): Promise<void> {
    const { catalogue } = await import('@postern/providers/catalogue')
    entry.explanation = await explain(entry.delivery!, provider, {
      catalogue,
      ms: BOUND,
      fingerprints,
      now: () => entry.at,
    })
  }
}
