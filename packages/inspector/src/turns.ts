import { nextRound } from '@postern/core/engine'

/** Long work in slices: the app gets the event loop between them. */
export interface LoopSlices {
  /** Calls a function, whose time until it returns is part of the slice. */
  readonly held: <T>(call: () => T) => T
  /** Gives the event loop a turn, if the slice is used up. */
  readonly rest: () => Promise<void>
  /** Calls a step again and again until it returns something, with a turn of the event loop between. */
  readonly run: <T>(step: () => T | undefined) => Promise<T>
  /** Milliseconds that all slices have held the event loop. */
  readonly spent: () => number
}

// Milliseconds of a slice.
const SLICE = 5

/** Makes a {@link LoopSlices}. `clock` is in milliseconds. */
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
