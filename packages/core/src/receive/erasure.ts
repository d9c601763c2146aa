import { errorText } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import { settledBy, toWall, unref } from '../basics/deadline.ts'
import type { Seal } from '../inbox/seal.ts'
import type { EraseOptions, InboxView } from '../inbox/view.ts'

/** Returns the part of a payload that stays stored after the event's tasks are done. */
export type KeepBody = (payload: unknown) => unknown

export const keepNothing: KeepBody = () => null

/** Erases the contents of events whose tasks are done, without delaying deliveries and tasks. */
export interface Erasure {
  /** Notes that a task of this event is done or deleted. After the last task, the contents are erased soon. */
  ended(event: Pick<EventRecord, 'key' | 'passing'>): void
  /** Starts to search regularly for done events that were not erased, because their process died. */
  start(): void
  /** Erases the contents of all done events, until the time `until` of `performance.now()`, in milliseconds. */
  flush(until: number): Promise<void>
  /** Erases the contents of the noted events until the time `until` of `performance.now()`, then stops. */
  close(until: number): Promise<void>
}

export interface ErasureContext {
  readonly receiver: string
  readonly view: InboxView
  readonly keepBody: KeepBody
  readonly seal: Seal | undefined
  readonly warn: (message: string) => void
}

// Times in milliseconds. `SOON`: how long event keys are collected before their contents are erased together. `AGAIN`:
// the wait after a failed erasure. `LOOK`: the interval between searches for events that were not erased.
const SOON = 1000
const AGAIN = 10_000
const LOOK = 600_000
// Maximum number of event keys per call (`AT_ONCE`, the limit of a filter) and in memory (`MOST`). Keys beyond `MOST`
// are dropped, and the next search finds their events.
const AT_ONCE = 100
const MOST = 10_000

/**
 * Creates the erasure for a receiver. Stored events whose contents must still be erased have `EventRecord.passing` set.
 */
export function createErasure(context: ErasureContext): Erasure {
  const { receiver, view, warn } = context
  const waiting = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let looks: ReturnType<typeof setInterval> | undefined
  let work: Promise<void> = Promise.resolve()
  let left = false
  let closed = false
  let failing = false
  let keep: EraseOptions['keep']

  return {
    ended({ key, passing }) {
      if (!passing) return
      if (waiting.size < MOST) waiting.add(key)
      else left = true
      later(SOON)
    },
    start() {
      left = true
      later(SOON)
      looks ??= setInterval(() => {
        left = true
        later(SOON)
      }, LOOK)
      unref(looks)
    },
    flush(until) {
      left = true
      return run(until)
    },
    async close(until) {
      closed = true
      clearInterval(looks)
      if (waiting.size > 0) void run(until)
      await settledBy(work, until)
    },
  }

  function later(wait: number): void {
    if (timer !== undefined || closed) return
    timer = setTimeout(() => void run(Infinity), wait)
    unref(timer)
  }

  function run(until: number): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    return (work = work.then(() => round(until)))
  }

  async function round(until: number): Promise<void> {
    let keys: readonly string[] = []
    try {
      // The module is loaded on demand, since few apps need it.
      keep ??= (await import('../observe/keep.ts')).keepOf(context)
      while (waiting.size > 0 && performance.now() < until) {
        keys = [...waiting].slice(0, AT_ONCE)
        for (const key of keys) waiting.delete(key)
        await erase({ receiver, keys }, until)
        keys = []
      }
      if (left && performance.now() < until) {
        left = false
        await erase({ receiver }, until)
      }
      failing = false
    } catch (error) {
      for (const key of keys) waiting.add(key)
      left = true
      if (!failing) warn(`contents of done events could not be erased yet: ${errorText(error)}`)
      failing = true
      later(AGAIN)
    }
  }

  async function erase(filter: Parameters<InboxView['erase']>[0], until: number): Promise<void> {
    let cursor: string | undefined
    do {
      const options = {
        passing: true,
        keep: keep!,
        ...(until < Infinity && { until: toWall(until) }),
      }
      ;({ cursor } = await view.erase(filter, { ...options, ...(cursor && { cursor }) }))
    } while (cursor !== undefined && performance.now() < until)
  }
}
