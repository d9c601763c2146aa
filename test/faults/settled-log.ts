import { readJournal } from './journal.ts'

/** Records completed tasks, which must not run again. */
export interface SettledLog {
  /**
   * Records completed tasks, as `subscription event`. Read them from the store before this call, so that the journal
   * already contains all their runs.
   */
  note(tasks: Iterable<string>): void
  /** Returns the number of runs that started after their task was completed. */
  ranAgain(): number
}

export function settledLog(journal: string): SettledLog {
  /** Number of journal lines when each task was first seen as completed. */
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
