import { createGate, type Gate, type GateSettings, type Pass, type Places } from './gate.ts'

/** The gates of all destinations of one subscription. */
export interface Gates {
  /** As {@link Gate.enter}. */
  enter(destination: string): Pass | Promise<Pass>
  /** True while the destination is left alone. */
  isOpen(destination: string): boolean
}

// Destinations found at run time have no bound of their own; what is idle can be forgotten.
const MANY = 10_000

/** Makes the gates that share `total` places. */
export function createGates(total: number, settings: GateSettings): Gates {
  const gates = new Map<string, Gate>()
  const places: Places = { total, held: 0 }

  return {
    enter: (destination) => gateOf(destination).enter(),
    isOpen: (destination) => gates.get(destination)?.open ?? false,
  }

  function gateOf(destination: string): Gate {
    let gate = gates.get(destination)
    if (!gate) {
      if (gates.size >= MANY) forgetIdle()
      gates.set(destination, (gate = createGate(settings, places)))
    }
    return gate
  }

  function forgetIdle(): void {
    for (const [destination, gate] of gates) if (gate.idle) gates.delete(destination)
  }
}
