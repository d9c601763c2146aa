import type { ObjectStorage } from '../remote.ts'
import type { TransactionEnd } from './database.ts'

/** The only alarm of an object. */
interface ObjectAlarm extends TransactionEnd {
  /** Reads the alarm from storage. Returns true if none is set, or if it is so late that a clock may have stepped back. */
  read(): Promise<boolean>
  /** Sets the alarm to the current time. */
  now(): Promise<void>
  /**
   * Handles the alarm: does the work, which returns the time of the next task. During the work, the alarm is set to a
   * later time, so that it rings again if the object ends. Never rejects: the runtime drops an alarm after seven
   * failures.
   */
  rings(work: () => Promise<number | undefined>): Promise<void>
  /**
   * Starts a call. Until the returned function is called, each transaction sets the alarm: to the current time for
   * `tasks`, and later for `runs`, whose tasks need the alarm only if they are interrupted.
   */
  touched(makes: 'tasks' | 'runs' | 'nothing'): () => void
  /** Ends work outside the alarm; `next` is the time of its next task. */
  over(next: number | undefined): void
}

// Milliseconds until it rings again if its work is interrupted.
const AGAIN = 10_000
// Milliseconds. An alarm without due tasks costs a few rows, so an earlier alarm is trusted.
const FAR = 60_000
// Milliseconds after which an overdue alarm is assumed lost.
const LATE = 5000

/** Creates the alarm. It is set in the transaction that stores a task, so that every task has one. */
export function createObjectAlarm(storage: ObjectStorage): ObjectAlarm {
  let at: number | undefined
  // Time that the last alarm returned.
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
      // Running calls need the current alarm.
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
    // A failure also fails the reply: the runtime delays the reply until all writes are stored.
    if (!ringing) set(Date.now()).catch(() => {})
  }

  function set(time: number | undefined): Promise<void> {
    at = time
    return time === undefined ? storage.deleteAlarm() : storage.setAlarm(time)
  }
}
