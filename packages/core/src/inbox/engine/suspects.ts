/** Lets one suspect at a time run in this process, over all receivers, subscriptions and inboxes. */
export interface Suspects {
  /**
   * Takes the one place. Returns a function that frees it. Returns undefined if another suspect has it: then `look` is called once when it
   * is free again. Take it before a claim, and free it at once if the claim found no suspect.
   */
  take(look: () => void): (() => void) | undefined
}

interface Gate {
  busy: boolean
  readonly waiting: Set<() => void>
}

// On globalThis: two copies of this package in one process must share the place.
const KEY = Symbol.for('postern.suspects')

/** The place of this process. */
export const suspects: Suspects = {
  take(look) {
    const gate = ((globalThis as { [KEY]?: Gate })[KEY] ??= { busy: false, waiting: new Set() })
    if (gate.busy) {
      gate.waiting.add(look)
      return undefined
    }
    gate.busy = true
    let free = false
    return () => {
      if (free) return
      free = true
      gate.busy = false
      const waiting = [...gate.waiting]
      gate.waiting.clear()
      // In the order they asked: the first to claim has it, and the others ask again behind those that came later.
      for (const again of waiting) again()
    }
  },
}
