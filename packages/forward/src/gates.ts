import { createCallGate, type CallGate, type GateSettings, type Pass, type Places } from './gate.ts'

interface Gates {
  enter(destination: string): Pass | Promise<Pass>
  isOpen(destination: string): boolean
  pausedUntil(destination: string): number | undefined
}

// Maximum number of gates, because an app's function can return any number of destinations.
const MOST = 10_000

/**
 * Creates one gate per destination; together they allow `total` parallel calls. Beyond `most` gates, the least recently
 * used gate is dropped.
 */
export function createGates(total: number, settings: GateSettings, most: number = MOST): Gates {
  // Gates by destination, least recently used first.
  const gates = new Map<string, CallGate>()
  const places: Places = { total, held: 0 }

  return {
    enter(destination) {
      const gate = gates.get(destination) ?? createCallGate(settings, places)
      gates.delete(destination)
      gates.set(destination, gate)
      if (gates.size > most) forgetOldest()
      return gate.enter()
    },
    isOpen: (destination) => gates.get(destination)?.open ?? false,
    pausedUntil: (destination) => gates.get(destination)?.paused,
  }

  /** Drops the least recently used gate that is not busy. Few gates are busy, because each busy gate uses a place. */
  function forgetOldest(): void {
    for (const [destination, gate] of gates)
      if (!gate.busy) {
        gates.delete(destination)
        return
      }
  }
}
