import type { ObjectStorage } from '../remote.ts'
import type { TransactionEnd } from './database.ts'

/** The one alarm of an object. */
interface ObjectAlarm extends TransactionEnd {
  /** Reads it from the storage; true if none is set, or one so late that it may be of a clock that has gone back since. */
  read(): Promise<boolean>
  /** Sets the alarm to ring at once. */
  now(): Promise<void>
  /**
   * It rings: does the work, which returns when the next is due. Until then it is set for a moment later, so that it rings
   * again whatever happens to the object. It never rejects: the runtime gives up an alarm that has failed seven times.
   */
  rings(work: () => Promise<number | undefined>): Promise<void>
  /**
   * A call starts. Until the returned function is called, each transaction sets the alarm: at once for
   * `tasks`, and later for `runs`, whose tasks run without the alarm unless they are cut off.
   */
  touched(makes: 'tasks' | 'runs' | 'nothing'): () => void
  /** The work without the alarm has ended; `next` is when its next task is due. */
  over(next: number | undefined): void
}

// Milliseconds after which it rings again if its work was cut off.
const AGAIN = 10_000
// Milliseconds: a ring that finds nothing due costs a few rows, so an alarm that comes sooner is believed.
const FAR = 60_000
// Milliseconds after which an alarm that did not ring is taken for lost.
const LATE = 5000

/** Makes it. It is set inside the transaction that stores a task, so that no task is without one. */
export function createObjectAlarm(storage: ObjectStorage): ObjectAlarm {
  let at: number | undefined
  // What the last ring said.
  let later: number | undefined
  let ringing = false
  let wanted = 0
  let running = 0

  return {
    async read() {
      at = later = (await storage.getAlarm()) ?? undefined
      return at === undefined || at > Date.now() + FAR
    },
    now: () => set(Date.now()),
    async rings(work) {
      ringing = true
      let next: number | undefined
      try {
        await set(Date.now() + AGAIN)
        next = await work()
      } catch {
        next = Date.now() + AGAIN
      }
      ringing = false
      later = next
      await set(next).catch(() => {})
    },
    touched(makes) {
      if (at !== undefined && isOver(at)) soon()
      const tasks = makes === 'tasks' ? 1 : 0
      const runs = makes === 'runs' ? 1 : 0
      wanted += tasks
      running += runs
      return () => {
        wanted -= tasks
        running -= runs
      }
    },
    over(next) {
      if (next !== undefined && (later === undefined || next < later)) later = next
      // What came meanwhile counts on it.
      if (!ringing && wanted + running === 0) set(later).catch(() => {})
    },
    committing() {
      const now = Date.now()
      if (wanted > 0 && (at === undefined || at > now || isOver(at))) soon()
      else if (running > 0 && !ringing && (at === undefined || at > now + AGAIN || isOver(at)))
        set(now + AGAIN).catch(() => {})
    },
    rolledBack: () => void (at = undefined),
  }

  function isOver(time: number): boolean {
    return time < Date.now() - LATE
  }

  function soon(): void {
    // A failure fails the reply too: the runtime holds it back until all that was written is safe.
    if (!ringing) set(Date.now()).catch(() => {})
  }

  function set(time: number | undefined): Promise<void> {
    at = time
    return time === undefined ? storage.deleteAlarm() : storage.setAlarm(time)
  }
}
