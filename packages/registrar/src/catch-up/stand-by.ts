import { errorText, isTool, textOf, unref } from '@postern/core/internal'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'
import { interruptible } from './patience.ts'
import { LEASE } from './holder.ts'
import { lastRun } from './progress.ts'
import type { StandingSettings } from './standing.ts'
import { sourceKey, takeRange } from './take-range.ts'
import type { Work } from './work.ts'

// What was sent just before the last delivery may have been cut off with the process, and the sender has a clock of its own.
const OVERLAP = 300_000
// Times to the next try: a network may not be there yet at start, and an account may be held by a process that died.
const PAUSES = [LEASE, 60_000, 300_000, 900_000, 3_600_000]
// Rows of one look, and looks: catch-ups fill the journal with rows of their own.
const ROWS = 1000
const LOOKS = 10

/** Catches up at start and after each silence. The function that it returns ends that. */
export function standBy(
  receiver: Missing,
  source: Source,
  standing: StandingSettings,
  { run }: Work,
): () => void {
  // The tasks of an app that a tool imports belong to the app.
  if (isTool()) return () => undefined
  const begin = (since?: number): void =>
    void run((closing) => automatic(receiver, source, standing, closing, since))
  if (standing.on.includes('start')) begin()
  return standing.on.includes('silence')
    ? receiver.observe({ silent: (_receiver, since) => begin(since) })
    : () => undefined
}

/**
 * Catches up since the last delivery, or since a silence started. It tries again for two hours when the sender or the inbox
 * cannot be reached. It never rejects.
 */
async function automatic(
  receiver: Missing,
  source: Source,
  { delay, on: _on, ...options }: StandingSettings,
  closing: AbortSignal,
  silentSince: number | undefined,
): Promise<void> {
  const { inbox, now } = receiver.settings
  const { name, observer } = receiver
  const started = now()
  const tenant = options.tenant === false ? undefined : options.tenant
  try {
    if (silentSince === undefined) await pause(delay, closing)
    for (let attempt = 0; ; attempt++) {
      try {
        const last = await lastRun(inbox.records!, sourceKey(receiver, source, tenant))
        const from = silentSince ?? (await lastDelivery(receiver, started, last?.until))
        const since = Math.min(last?.stoppedAt ?? Infinity, (from ?? Infinity) - OVERLAP)
        // A receiver that nobody has delivered to yet has missed nothing.
        if (since === Infinity) return
        const earliest = now() - inbox.dedupeWindow
        if (since < earliest)
          warn(
            `catchUp: the last delivery came before the dedupeWindow of ${inbox.name}; events older than ${new Date(earliest).toISOString()} were skipped: check the sender's list`,
          )
        // A moment is kept free for what happens before the range is checked.
        const range = { since: Math.max(since, Math.min(earliest + 1000, now())) }
        const result = await takeRange(receiver, source, { ...options, ...range }, closing)
        observer.catchUpEnded?.(name, result)
        return
      } catch (error) {
        const wait = PAUSES[attempt]
        if (closing.aborted || error instanceof TypeError || wait === undefined) throw error
        if (textOf(error, 'code') !== 'in_progress')
          warn(`catchUp: ${errorText(error)}; it tries again in ${wait / 1000} s`)
        await pause(wait, closing)
      }
    }
  } catch (error) {
    if (!closing.aborted && textOf(error, 'code') !== 'in_progress')
      warn(`catchUp: ${errorText(error)}`)
  }

  function warn(message: string): void {
    observer.warning?.(name, message)
  }
}

/**
 * When the last webhook came before this start, or until when another catch-up has run; undefined if there was none. Rows of
 * catch-ups are passed over.
 */
async function lastDelivery(
  { name, settings }: Missing,
  before: number,
  caughtUpTo: number | undefined,
): Promise<number | undefined> {
  let cursor: string | undefined
  let oldest: number | undefined
  for (let look = 0; look < LOOKS; look++) {
    const page = await settings.inbox.journal!.deliveries({
      receiver: name,
      outcome: ['accepted', 'duplicate', 'unhandled'],
      until: before,
      limit: ROWS,
      ...(cursor !== undefined && { cursor }),
    })
    for (const { at, unsigned } of page.rows) {
      if (unsigned !== true || at <= (caughtUpTo ?? 0)) return Math.max(at, caughtUpTo ?? 0)
      oldest = at
    }
    ;({ cursor } = page)
    if (cursor === undefined) break
  }
  return caughtUpTo ?? oldest
}

async function pause(time: number, closing: AbortSignal): Promise<void> {
  if (time === 0) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = unref(setTimeout(resolve, time))
  })
  await interruptible(over, closing).finally(() => clearTimeout(timer))
}
