/** Runs what is stored while it is on, without a worker: for a host that must be idle soon again. */
interface Bursts {
  /** True while tasks may be claimed for it. */
  readonly on: () => boolean
  /** A task has started; one is due at that time. */
  readonly started: () => void
  readonly dueAt: (at: number) => void
  /** As `Port.burst`. */
  readonly begin: (most: number) => BurstEnd | undefined
}

/** As `Port.burst`. */
export type BurstEnd = () => Promise<{ readonly next: number | undefined } | undefined>

/** Makes it. `idle` resolves when nothing is claimed, runs or waits to be stored; `left` is true if a task may be ready. */
export function createBursts(parts: {
  readonly idle: () => Promise<void>
  readonly left: () => boolean
  readonly now: () => number
}): Bursts {
  let open = 0
  let going = false
  let room = 0
  let next = Infinity

  return {
    on: () => going && room > 0,
    started: () => void room--,
    dueAt: (at) => void (next = Math.min(next, at)),
    begin(most) {
      if (!going) {
        going = true
        room = most
        next = Infinity
      } else if (room <= 0) return undefined
      open++
      return end
    },
  }

  async function end(): Promise<{ readonly next: number | undefined } | undefined> {
    open--
    if (open === 0) await parts.idle()
    // Others have begun meanwhile, and end it.
    if (open > 0 || !going) return undefined
    going = false
    if (parts.left()) return { next: parts.now() }
    return { next: next === Infinity ? undefined : next }
  }
}
