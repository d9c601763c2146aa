import { createCallGate, type CallGate, type GateSettings, type Pass, type Places } from './gate.ts'

/** The gates of all destinations of one subscription. */
interface Gates {
  /** As {@link CallGate.enter}. */
  enter(destination: string): Pass | Promise<Pass>
  /** True while calls to the destination pause. */
  isOpen(destination: string): boolean
  /** As {@link CallGate.paused}. */
  pausedUntil(destination: string): number | undefined
}

// Destinations found at run time have no bound of their own.
const MOST = 10_000

/** Makes the gates that share `total` places; of more than `most`, those not used for longest are forgotten. */
export function createGates(total: number, settings: GateSettings, most: number = MOST): Gates {
  // The order of use.
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

  /** Those that are busy stay: there are no more of them than places. */
  function forgetOldest(): void {
    for (const [destination, gate] of gates)
      if (!gate.busy) {
        gates.delete(destination)
        return
      }
  }
}
