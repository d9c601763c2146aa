import { soon as nextRound } from '../../../basics/deadline.ts'

/** When the next batch begins. */
interface Gather {
  /** A batch is to begin soon. */
  schedule(): void
  /** Called after a batch was stored: how many writes it had, and how many milliseconds it took. */
  stored(works: number, took: number): void
}

// A batch of fewer writes is small.
const CROWD = 8

/**
 * Makes it: a batch begins in the event loop's next round. With `wide`, behind a batch that was not small, it waits for
 * further rounds while each brings more, at most for as long as that batch took: what came meanwhile is still to be read.
 * `waiting` counts writes.
 */
export function createGather(
  wide: boolean,
  waiting: () => number,
  begin: () => void,
  soon: (begin: () => void) => void = nextRound,
): Gather {
  let scheduled = false
  let last = { works: 0, took: 0 }

  return {
    schedule() {
      if (scheduled) return
      scheduled = true
      if (!wide || last.works < CROWD) return soon(go)
      look(0, performance.now() + last.took)
    },
    stored: (works, took) => void (last = { works, took }),
  }

  function look(seen: number, until: number): void {
    soon(() => {
      const count = waiting()
      if (count > seen && performance.now() < until) look(count, until)
      else go()
    })
  }

  function go(): void {
    scheduled = false
    begin()
  }
}
