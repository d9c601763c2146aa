import { logger, type ActedInfo, type Observer } from '@postern/core'
import type { InspectorOptions } from '../options.ts'

/** Tells the observers of the inspector, and the log, what was done and by whom. None of their errors gets through. */
export function createActed(options: InspectorOptions<never>): (action: ActedInfo) => void {
  const { observers = [], log = logger() } = options
  const all: readonly Observer[] = log === false ? observers : [log, ...observers]
  return (action) => {
    for (const observer of all)
      try {
        observer.acted?.(action)
      } catch {
        // Observers must not change outcomes.
      }
  }
}
