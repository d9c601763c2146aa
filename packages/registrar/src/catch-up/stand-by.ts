import { errorText, isTool, textOf, milliseconds, unknownOptions } from '@postern/core/internal'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'
import { sleep } from './patience.ts'
import { LEASE, lastRun } from './progress.ts'
import { sourceKey, takeRange } from './take-range.ts'
import type { Work } from './work.ts'
import type { Duration } from '@postern/core'
import { checkFits, type CatchUpOptions } from './options.ts'

/**
 * Options of an automatic {@link catchUp}. The observer method `catchUpEnded` is called with each result, and `warning`
 * with each error.
 */
export interface StandingCatchUp extends Pick<
  CatchUpOptions,
  'tenant' | 'limit' | 'all' | 'anyVersion'
> {
  /**
   * When to catch up. `start`: when the app starts, from the last delivery in the journal. `silence`: when no delivery
   * has come for the time in the receiver's option `silentAfter`.
   */
  readonly on: readonly ('start' | 'silence')[]
  /**
   * Delay between the app's start and the catch-up, so that the server is ready for redeliveries.
   * @default '10s' for redeliveries, or else 0
   */
  readonly delay?: Duration
}

interface StandingSettings extends StandingCatchUp {
  /** Delay in milliseconds. */
  readonly delay: number
}

export function checkStanding(
  receiver: Missing,
  source: Source,
  options: StandingCatchUp,
): StandingSettings {
  unknownOptions('catchUp', options, ['on', 'delay', 'tenant', 'limit', 'all', 'anyVersion'])
  const { inbox, silentAfter, worker, journal } = receiver.settings
  if (worker === 'onDemand')
    throw new TypeError(
      "catchUp: with worker: 'onDemand' nothing runs by itself; call catchUp(receiver, source, { since }) where you call runDue()",
    )
  checkFits(receiver, source, options.tenant)
  const { on, delay } = options
  if (!Array.isArray(on) || on.length === 0 || on.some((one) => !/^(start|silence)$/.test(one)))
    throw new TypeError(`catchUp: on must be a list of 'start' and 'silence', got ${String(on)}`)
  if (on.includes('silence') && silentAfter === undefined)
    throw new TypeError(
      "catchUp: on: ['silence'] needs the receiver's option silentAfter, such as silentAfter: '6h'",
    )
  if (on.includes('start') && !(journal && inbox.journal))
    throw new TypeError(
      "catchUp: at start it continues from the last delivery in the journal, but there is no journal; set on: ['silence'], or leave storage.journal: false out",
    )
  const normal = source.kind === 'redelivery' ? '10s' : 0
  return { ...options, delay: milliseconds(delay ?? normal, 'catchUp: delay') }
}

// Milliseconds by which the range starts before the last delivery. An earlier delivery may have been lost when the
// process died, and the sender's clock may differ.
const OVERLAP = 300_000
// Waits between retries, in milliseconds. When the app starts, there may be no network yet, or a process that died may
// still have the lease.
const PAUSES = [LEASE, 60_000, 300_000, 900_000, 3_600_000]
// Rows per page of the journal, and maximum number of pages to read. The rows of catch-ups do not count, so the last
// delivery may not be on the first page.
const ROWS = 1000
const LOOKS = 10

/** Starts a catch-up at the times that `standing.on` names. Returns a function that stops reacting to silences. */
export function standBy(
  receiver: Missing,
  source: Source,
  standing: StandingSettings,
  { run }: Work,
): () => void {
  // If a tool such as the CLI imports the app, the running app already catches up.
  if (isTool()) return () => undefined
  const begin = (since?: number): void =>
    void run((closing) => automatic(receiver, source, standing, closing, since))
  if (standing.on.includes('start')) begin()
  return standing.on.includes('silence')
    ? receiver.observe({ silent: (_receiver, since) => begin(since) })
    : () => undefined
}

/** Runs one catch-up. If the sender or the inbox cannot be reached, retries for about 80 minutes. Never rejects. */
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
    if (silentSince === undefined && delay > 0) await sleep(delay, closing, false)
    for (let attempt = 0; ; attempt++) {
      try {
        const last = await lastRun(inbox.records!, sourceKey(receiver, source, tenant))
        const from = silentSince ?? (await lastDelivery(receiver, started, last?.until))
        const since = Math.min(last?.stoppedAt ?? Infinity, (from ?? Infinity) - OVERLAP)
        // Without any earlier delivery, nothing was missed.
        if (since === Infinity) return
        const earliest = now() - inbox.dedupeWindow
        if (since < earliest)
          warn(
            `catchUp: the last delivery came before the dedupeWindow of ${inbox.name}; events older than ${new Date(earliest).toISOString()} were skipped: check the sender's list`,
          )
        // `takeRange` rejects a range that starts before the dedupe window. The window moves while this code runs, so
        // the range starts a second after the window's start.
        const range = { since: Math.max(since, Math.min(earliest + 1000, now())) }
        const result = await takeRange(receiver, source, { ...options, ...range }, closing)
        observer.catchUpEnded?.(name, result)
        return
      } catch (error) {
        const wait = PAUSES[attempt]
        if (closing.aborted || error instanceof TypeError || wait === undefined) throw error
        if (textOf(error, 'code') !== 'in_progress')
          warn(`catchUp: ${errorText(error)}; it tries again in ${wait / 1000} s`)
        await sleep(wait, closing, false)
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
 * Returns the time of the last webhook before `before`, or the end of the last catch-up, whichever is later. Rows that
 * catch-ups wrote into the journal do not count.
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
