import type { TaskError } from '../view.ts'

/** Interruptions of a task since its last reported outcome. */
interface Interruptions {
  /** Claims in a row whose lease ended without an outcome. */
  readonly cut: number
  /** Those among them that were claimed as a suspect. */
  readonly charged: number
}

/** What an ended lease makes of a task. */
interface Interrupted extends Interruptions {
  /** Milliseconds until the task may be claimed again. */
  readonly wait: number
  /** True if the task is dead now, with {@link poison} as its error. */
  readonly poison: boolean
}

// After this number in a row a task is a suspect.
const SUSPECT = 3
// The fewest charges that end a task: a kill from outside looks like a task that kills, and several in a row rarely are.
const LEAST_CHARGES = 5
const FIRST_WAIT = 250
const LONGEST_WAIT = 8000

/** True if the task is claimed only while no other suspect runs in this process. */
export function isSuspect({ cut }: Pick<Interruptions, 'cut'>): boolean {
  return cut >= SUSPECT
}

/**
 * The rule of interruptions, to be applied once to each ended lease. No attempt is used. The task waits 250 ms, doubled
 * each time up to 8 s, of which a random half. After three in a row it is a suspect, and each further one is charged.
 * Charged as often as its policy has `attempts`, and at least 5 times, it is poison. Any reported outcome sets both
 * numbers to 0.
 */
export function interrupted(
  before: Interruptions,
  attempts: number | undefined,
  random: () => number = Math.random,
): Interrupted {
  const cut = before.cut + 1
  const charged = before.charged + (isSuspect(before) ? 1 : 0)
  const bound = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(before.cut, 10))
  return {
    cut,
    charged,
    wait: Math.round(bound * (0.5 + random() / 2)),
    poison: charged >= Math.max(LEAST_CHARGES, attempts ?? 0),
  }
}

/** The error of a task that is poison. */
export function poison(charged: number): TaskError {
  return {
    name: 'poison',
    message: `its process died, or its lease ended, ${charged} times in a row while no other suspect ran`,
  }
}
