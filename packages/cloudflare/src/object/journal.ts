import type { Journal } from '@postern/core/inbox'
import type { JournalBatch } from '@postern/core/engine'

// Milliseconds in which batches are collected: a Worker and the object write theirs a second after the same delivery.
const TOGETHER = 250
// Entries after which they are written at once.
const MOST = 1000

/** A journal that writes batches of one moment as one: each costs rows of counts and of the ring, whatever is in it. */
export function sharedJournal(journal: Journal): Journal {
  let waiting: JournalBatch[] = []
  let written: Promise<void> | undefined
  let now = (): void => {}

  return {
    ...journal,
    write(batch) {
      waiting.push(batch)
      written ??= later()
      const { arrived, minutes, gauges } = merged(waiting)
      if (arrived.length + minutes.length + gauges.length >= MOST) now()
      return written
    },
  }

  async function later(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TOGETHER)
      now = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    const batches = waiting
    waiting = []
    written = undefined
    await journal.write(merged(batches))
  }
}

function merged(batches: readonly JournalBatch[]): JournalBatch {
  return {
    arrived: batches.flatMap(({ arrived }) => arrived),
    minutes: batches.flatMap(({ minutes }) => minutes),
    gauges: batches.flatMap(({ gauges }) => gauges),
    lost: batches.reduce((sum, { lost }) => sum + lost, 0),
  }
}
