import type { ObjectStorage } from '../runtime.ts'
import type { TransactionEnd } from './database.ts'

/** The one alarm of an object. */
export interface ObjectAlarm extends TransactionEnd {
  /** Reads it from the storage; true if none is set. */
  read(): Promise<boolean>
  /** Sets the alarm to ring at once. */
  now(): Promise<void>
  /**
   * It rings: does the work, which returns when the next is due. Until then it is set for a moment later, so that it rings
   * again whatever happens to the object. It never rejects: the runtime gives up an alarm that has failed seven times.
   */
  rings(work: () => Promise<number | undefined>): Promise<void>
  /** Something calls. If it `makes` tasks, each transaction sees to it that the alarm rings, until the function returned is called. */
  touched(makes: boolean): () => void
}

// Milliseconds after which it rings again if its work was cut off.
const AGAIN = 10_000
// Milliseconds after which an alarm that did not ring is taken for lost.
const LATE = 5000

/** Makes it. It is set inside the transaction that stores a task, so that no task is without one. */
export function createObjectAlarm(storage: ObjectStorage): ObjectAlarm {
  let at: number | undefined
  let ringing = false
  let wanted = 0

  return {
    async read() {
      at = (await storage.getAlarm()) ?? undefined
      return at === undefined
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
      await set(next).catch(() => {})
    },
    touched(makes) {
      if (at !== undefined && isOver(at)) soon()
      const more = makes ? 1 : 0
      wanted += more
      return () => void (wanted -= more)
    },
    committing() {
      if (wanted > 0 && (at === undefined || at > Date.now() || isOver(at))) soon()
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
