import { readJournal } from './journal.ts'

/** What a store said is settled, and when: none of it may run again. */
export interface SettledLog {
  /** Notes tasks that are settled now, as `subscription event`. Ask the store first: each of their runs is in the journal then. */
  note(tasks: Iterable<string>): void
  /** Lines `run subscription event` of the journal that came after their task was settled. */
  ranAgain(): number
}

/** Starts one beside a journal of handlers. */
export function settledLog(journal: string): SettledLog {
  /** Lines the journal had when a task was first seen settled. */
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
