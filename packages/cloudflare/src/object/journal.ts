import type { Journal } from '@postern/core/inbox'
import type { JournalBatch } from '@postern/core/engine'

// Milliseconds for which batches are collected. The Worker and the object each write their batch a second after a
// delivery, so both batches arrive within this time.
const TOGETHER = 250
// Number of collected entries that triggers a write.
const MOST = 1000

/** Combines batches that arrive together into one write, since each write costs rows for counts and lists. */
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
