import { nextRound } from '@postern/core/engine'

/** Splits long work into slices. Between two slices, other work of the app gets the event loop. */
export interface LoopSlices {
  /** Calls a function. The time until the function returns is part of the current slice. */
  readonly held: <T>(call: () => T) => T
  /** If the current slice is used up, lets other work run. */
  readonly rest: () => Promise<void>
  /** Calls `step` until the result is not undefined. Between two calls, lets other work run. */
  readonly run: <T>(step: () => T | undefined) => Promise<T>
  /** Returns how long all slices together have blocked the event loop, in milliseconds. */
  readonly spent: () => number
}

// Length of a slice, in milliseconds.
const SLICE = 5

/** `clock` is in milliseconds. */
export function createLoopSlices(clock: () => number = () => performance.now()): LoopSlices {
  let slice = 0
  let spent = 0
  return {
    held,
    rest: async () => (slice >= SLICE ? turn() : undefined),
    async run(step) {
      for (;;) {
        const found = held(step)
        if (found !== undefined) return found
        await turn()
      }
    },
    spent: () => spent,
  }

  function held<T>(call: () => T): T {
    const began = clock()
    try {
      return call()
    } finally {
      slice += clock() - began
      spent += clock() - began
    }
  }

  async function turn(): Promise<void> {
    slice = 0
    await nextRound()
  }
}
