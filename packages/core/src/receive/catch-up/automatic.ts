import { errorText, textOf } from '../../errors.ts'
import { catchUp, keyOf, type CatchUpContext } from './catch-up.ts'
import { interruptible } from './patience.ts'
import { LEASE, lastRun } from './progress.ts'
import type { CatchUpSetup } from './setup.ts'

/** The receiver as a catch-up that begins by itself sees it. */
export interface AutomaticContext extends CatchUpContext {
  readonly warn: (message: string) => void
}

// What was sent just before the last delivery may have been cut off with the process, and the sender has a clock of its own.
const OVERLAP = 300_000
// Times to the next try: a network may not be there yet at start, and an account may be held by a process that died.
const PAUSES = [LEASE, 60_000, 300_000, 900_000, 3_600_000]
// Rows of one look, and looks: catch-ups fill the journal with rows of their own.
const ROWS = 1000
const LOOKS = 10

/**
 * Catches up with the account of a setup, and tells the observers. It tries again for two hours when the sender or the inbox
 * cannot be reached. It never rejects.
 */
export async function automatic(
  context: AutomaticContext,
  setup: CatchUpSetup,
  why: 'start' | 'silence',
  silentSince: number | undefined,
): Promise<void> {
  const { line, inbox, closing, warn } = context
  const { source, delay, on, ...options } = setup
  if (!on!.includes(why)) return
  const started = line.now()
  const scope = options.scope === false ? undefined : options.scope
  try {
    if (why === 'start') await pause(Number(delay), closing)
    for (let attempt = 0; ; attempt++) {
      try {
        const last = await lastRun(inbox.records!, keyOf(line, source, scope))
        const from = silentSince ?? (await lastDelivery(context, started, last?.until))
        const since = Math.min(last?.stoppedAt ?? Infinity, (from ?? Infinity) - OVERLAP)
        // A receiver that nobody has delivered to yet has missed nothing.
        if (since === Infinity) return
        const earliest = line.now() - inbox.window
        if (since < earliest)
          warn(
            `catchUp: the last delivery came before the window of ${inbox.name}; what is older than ${new Date(earliest).toISOString()} is left: look at the sender's list`,
          )
        // A moment is kept free for what happens before the range is checked.
        const range = { since: Math.max(since, Math.min(earliest + 1000, line.now())) }
        const result = await catchUp(context, source, { ...options, ...range })
        line.observer.caughtUp?.(line.receiver, result)
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
}

/**
 * When the last webhook came before this start, or until when another catch-up has run; undefined if there was none. Rows of
 * catch-ups are passed over.
 */
async function lastDelivery(
  { line, inbox }: AutomaticContext,
  before: number,
  caughtUpTo: number | undefined,
): Promise<number | undefined> {
  let cursor: string | undefined
  let oldest: number | undefined
  for (let look = 0; look < LOOKS; look++) {
    const page = await inbox.journal!.deliveries({
      receiver: line.receiver,
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
    timer = setTimeout(resolve, time)
    ;(timer as { unref?: () => void }).unref?.()
  })
  await interruptible(over, closing).finally(() => clearTimeout(timer))
}
