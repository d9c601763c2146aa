import { errorText } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import { settledBy, toWall, unref } from '../basics/deadline.ts'
import type { Seal } from '../inbox/seal.ts'
import type { EraseOptions, InboxView } from '../inbox/view.ts'

/** Returns what is kept of a payload. */
export type KeepBody = (payload: unknown) => unknown

/** Keeps nothing: `storage: { content: false }`. */
export const keepNothing: KeepBody = () => null

/** Erases the contents of events whose tasks are done, behind the path of deliveries and tasks. */
export interface Erasure {
  /** A task of this event is done or was deleted. */
  ended(event: Pick<EventRecord, 'key' | 'passing'>): void
  /** Starts to look for events that a process left behind when it died. */
  start(): void
  /** Erases what waits and what was left behind, until a time of `performance.now()`. */
  flush(until: number): Promise<void>
  /** Erases what waits, and stops. */
  close(until: number): Promise<void>
}

/** The argument of {@link createErasure}. */
export interface ErasureContext {
  readonly receiver: string
  readonly view: InboxView
  readonly keepBody: KeepBody
  readonly seal: Seal | undefined
  readonly warn: (message: string) => void
}

// Milliseconds that keys wait for others; that a failed erasure waits; and between two looks for what was left behind.
const SOON = 1000
const AGAIN = 10_000
const LOOK = 600_000
// Keys of one call, as many as a filter takes; and that wait at most: those beyond are left for the next look.
const AT_ONCE = 100
const MOST = 10_000

/** Makes the erasure of a receiver. What it did not finish, the inbox still knows by `EventRecord.passing`. */
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
      // Few apps need it.
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
      // Warned once for each outage.
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
