import { createCallGate, type CallGate, type GateSettings, type Pass, type Places } from './gate.ts'

interface Gates {
  enter(destination: string): Pass | Promise<Pass>
  isOpen(destination: string): boolean
  pausedUntil(destination: string): number | undefined
}

// Functions can return any number of destinations.
const MOST = 10_000

/** Creates gates that share `total` places. Beyond `most` gates, the least recently used one is dropped. */
export function createGates(total: number, settings: GateSettings, most: number = MOST): Gates {
  // In order of use.
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

  /** Busy gates stay: there are at most as many as places. */
  function forgetOldest(): void {
    for (const [destination, gate] of gates)
      if (!gate.busy) {
        gates.delete(destination)
        return
      }
  }
}
