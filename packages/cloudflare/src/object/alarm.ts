import type { ObjectStorage } from '../remote.ts'
import type { TransactionEnd } from './database.ts'

/** The alarm of a Durable Object. Each object has only one alarm. */
interface ObjectAlarm extends TransactionEnd {
  /** Reads the alarm. Returns true if no alarm is set, or if it is more than FAR ahead, as after a clock jump. */
  read(): Promise<boolean>
  now(): Promise<void>
  /**
   * Handles the alarm by running `work`, which returns the time of the next task. During the work, the alarm is set to
   * a later time, so that it rings again if the object ends. Never rejects: the runtime drops an alarm after seven
   * failures.
   */
  rings(work: () => Promise<number | undefined>): Promise<void>
  /**
   * Starts a call. The returned function ends the call. Meanwhile, each transaction sets the alarm:
   * - `tasks`: to the current time, since the alarm runs the tasks that the call stores.
   * - `runs`: to a later time. The tasks run right after the call, and need the alarm only if they are interrupted.
   * - `nothing`: no transaction sets the alarm.
   */
  touched(makes: 'tasks' | 'runs' | 'nothing'): () => void
  /** Called when work outside the alarm has ended. `next` is the time of the next task of that work. */
  over(next: number | undefined): void
}

// Milliseconds until the alarm rings again if its work is interrupted.
const AGAIN = 10_000
// When an object starts, an alarm that rings within this number of milliseconds is not changed. If no task is due at
// that time, the alarm costs only a few rows.
const FAR = 60_000
// Milliseconds after which an overdue alarm is considered lost.
const LATE = 5000

/** The alarm is set in the transaction that stores a task, so that no task is stored without an alarm. */
export function createObjectAlarm(storage: ObjectStorage): ObjectAlarm {
  let at: number | undefined
  // The earliest known time at which a task is due.
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
      // While a call is running, its transactions set the alarm, so the alarm stays as it is here.
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
    // If this write fails, the reply fails too: the runtime delays the reply until all writes are stored.
    if (!ringing) set(Date.now()).catch(() => {})
  }

  function set(time: number | undefined): Promise<void> {
    at = time
    return time === undefined ? storage.deleteAlarm() : storage.setAlarm(time)
  }
}
