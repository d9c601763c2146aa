import { toMonotonic, nextRound } from '../../../basics/deadline.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import type { Changed, ReplayOptions } from '../../view.ts'

/** Where one step of a change starts and how far it goes. */
export interface StepPlace {
  /** The cursor of the step before. */
  readonly cursor: string | undefined
  /** Tasks to change at most. */
  readonly rows: number
  /** Counts and changes nothing. */
  readonly dryRun: boolean
  /** When the step's task number `at` (0 is the first) is due, in milliseconds since 1970; 0 is at once. */
  due(at: number): number
}

/** Names of the options that all changes share. */
export const CHANGE_OPTIONS: readonly string[] = ['dryRun', 'limit', 'cursor', 'until', 'by']

const ROWS = 200

/**
 * Changes many tasks in small steps, so that deliveries never wait long behind one; each step is a transaction. Stops
 * at the options' `limit` and `until` and says where the next call continues. With a `rate` the cursor carries the time
 * of the next task.
 */
export async function inSteps(
  options: ReplayOptions,
  step: (place: StepPlace) => MaybePromise<Changed>,
): Promise<Changed> {
  const { limit = 10_000, rate, dryRun = false } = options
  const until = toMonotonic(options.until ?? Infinity)
  checkWhole('limit', limit)
  if (rate !== undefined && !(rate > 0 && rate < Infinity))
    throw new TypeError(`rate: must be tasks per second above 0, got ${String(rate)}`)
  const started = parse(options.cursor, rate !== undefined)
  const gap = rate === undefined ? 0 : 1000 / rate
  let next = Math.max(started.next, Date.now())
  let { cursor } = started
  let count = 0
  do {
    const from = next
    const due = (at: number): number => (rate === undefined ? 0 : Math.ceil(from + at * gap))
    const changed = await step({ cursor, rows: Math.min(ROWS, limit - count), dryRun, due })
    count += changed.count
    next += changed.count * gap
    cursor = changed.cursor
    // Synchronous stores would hold the event loop over all steps.
    if (cursor !== undefined) await nextRound()
  } while (cursor !== undefined && count < limit && performance.now() < until)
  if (cursor === undefined || rate === undefined) return { count, cursor }
  return { count, cursor: `${Math.ceil(next)}@${cursor}` }
}

function parse(
  cursor: string | undefined,
  paced: boolean,
): { readonly next: number; readonly cursor: string | undefined } {
  const at = paced && cursor !== undefined ? cursor.indexOf('@') : -1
  if (at < 0) return { next: 0, cursor }
  return { next: Number(cursor!.slice(0, at)) || 0, cursor: cursor!.slice(at + 1) }
}

function checkWhole(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new TypeError(`${option}: must be a whole number from 1 and up, got ${String(value)}`)
}
