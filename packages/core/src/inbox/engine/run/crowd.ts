import { within } from '../../../basics/deadline.ts'
import { createSemaphore, type Semaphore } from '../semaphore.ts'

/**
 * Subscriptions whose transactions were in each other's way: they go one at a time, then two, four, and so on. Else each of
 * them would meet the next again, and a database takes a second (`deadlock_timeout`) to find that out.
 */
interface Crowd<Slot extends object> {
  /** True while transactions of the slot wait for places. */
  has(slot: Slot): boolean
  /** Two were in each other's way. */
  met(slot: Slot): void
  /** Runs in a place of the slot, once there is one; rejects with `late` if there is none by a time of `performance.now()`. */
  placed<T>(slot: Slot, until: number, late: () => Error, run: () => Promise<T> | T): Promise<T>
}

interface Gate {
  readonly places: Semaphore
  most: number
  /** Transactions that went well since `most` changed, and how many it takes until it grows. */
  calm: number
  need: number
}

const CALM = 16
const LONGEST = 1024
// Once this many commits run side by side, the limit is lifted.
const ENOUGH = 32

/** Makes a {@link Crowd}. */
export function createCrowd<Slot extends object>(): Crowd<Slot> {
  const gates = new Map<Slot, Gate>()
  return {
    has: (slot) => gates.has(slot),
    met(slot) {
      const gate = gates.get(slot)
      if (!gate) return void gates.set(slot, openGate())
      // A place that was given too early costs as much as those that ran in it.
      if (gate.most > 1) gate.need = Math.min(gate.need * 2, LONGEST)
      gate.most = 1
      gate.calm = 0
    },
    async placed(slot, until, late, run) {
      const gate = gates.get(slot)
      if (!gate) return run()
      const free = await within(Promise.resolve(gate.places.take()), until, late, (given) =>
        given(),
      )
      try {
        const result = await run()
        grow(slot, gate)
        return result
      } finally {
        free()
      }
    },
  }

  function grow(slot: Slot, gate: Gate): void {
    if (++gate.calm < gate.need) return
    gate.calm = 0
    gate.most *= 2
    if (gate.most >= ENOUGH && gates.get(slot) === gate) gates.delete(slot)
  }
}

function openGate(): Gate {
  const gate: Gate = {
    places: createSemaphore(() => gate.most),
    most: 1,
    calm: 0,
    need: CALM,
  }
  return gate
}
