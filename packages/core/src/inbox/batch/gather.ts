import { soon } from '../../basics/soon.ts'

/** When the next batch begins. */
export interface Gather {
  /** A work came. */
  came(work: { readonly patient?: boolean }): void
  /** A batch is to begin, now or soon. */
  schedule(): void
  /** The works of a batch were taken; `left` are there others. */
  taken(left: boolean): void
  /** A batch of so many works was stored, in so many milliseconds. */
  stored(works: number, took: number): void
  stop(): void
}

// A batch of fewer works is small.
const CROWD = 8
// Milliseconds for which patient works wait for others.
const PATIENCE = 2

/**
 * Makes it: a batch begins in the event loop's next round. With `wide`, behind a batch that was not small, it waits for
 * further rounds while each brings more, at most for as long as that batch took: what came meanwhile is still to be read.
 * Patient works alone wait a moment for others. `waiting` counts works.
 */
export function createGather(wide: boolean, waiting: () => number, begin: () => void): Gather {
  let scheduled = false
  let last = { works: 0, took: 0 }
  let pressing = false
  let lingers: ReturnType<typeof setTimeout> | undefined

  return {
    came(work) {
      if (work.patient !== true) pressing = true
    },
    schedule,
    taken: (left) => void (pressing = left),
    stored: (works, took) => void (last = { works, took }),
    stop: () => clearTimeout(lingers),
  }

  function schedule(): void {
    if (scheduled) return
    const crowded = wide && last.works >= CROWD
    if (crowded && !pressing) return void (lingers ??= setTimeout(hurry, PATIENCE))
    scheduled = true
    if (!crowded) return soon(go)
    const until = performance.now() + last.took
    look(0)

    function look(seen: number): void {
      soon(() => {
        const count = waiting()
        if (count > seen && performance.now() < until) look(count)
        else go()
      })
    }
  }

  function hurry(): void {
    lingers = undefined
    pressing = true
    schedule()
  }

  function go(): void {
    scheduled = false
    clearTimeout(lingers)
    lingers = undefined
    begin()
  }
}
