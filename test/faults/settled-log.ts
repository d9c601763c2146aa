import { readJournal } from './journal.ts'

/** Completed tasks of a store, which may not run again. */
export interface SettledLog {
  /**
   * Records completed tasks, as `subscription event`. Read the store first: all runs of these tasks are then in the
   * journal.
   */
  note(tasks: Iterable<string>): void
  /** Returns the number of lines `run subscription event` after their task was completed. */
  ranAgain(): number
}

/** Creates the log for a journal of handlers. */
export function settledLog(journal: string): SettledLog {
  /** Number of journal lines when a task was first seen as completed. */
  const seen = new Map<string, number>()
  return {
    note(tasks) {
      const line = readJournal(journal).length
      for (const task of tasks) if (!seen.has(task)) seen.set(task, line)
    },
    ranAgain() {
      return readJournal(journal).filter((text, line) => {
        const [what, subscription, event] = text.split(' ')
        return what === 'run' && line >= (seen.get(`${subscription} ${event}`) ?? Infinity)
      }).length
    },
  }
}
