import { clocks } from './clocks.ts'
import { deploys } from './deploys.ts'
import { processes } from './processes.ts'
import type { FaultClass } from './class.ts'
import { failovers } from './failovers.ts'
import { storeFaults } from './stores.ts'

export const classes: readonly FaultClass[] = [
  ...clocks,
  ...processes,
  ...deploys,
  ...storeFaults,
  ...failovers,
]
