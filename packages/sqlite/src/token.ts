import type { Database } from './driver/driver.ts'
import type { Kept } from './work.ts'

/** Tokens of this process, which fence its claims. */
export interface Tokens extends Kept {
  /** The token of the claims in the open transaction. No claim before had it, in any process. */
  current(): number
}

// The row of the process is in the higher bits, the number of its transaction in the lower 32.
const SHARE = 2 ** 32
// Both together stay below 2^53.
const PROCESSES = 2 ** 20

/** Makes them. The process gets its row with its first claim. */
export function createTokens(db: Database, process: string): Tokens {
  const add = db.prepare('INSERT INTO postern_processes (name, started) VALUES (?, ?)')
  let committed = 0
  let base = 0
  let count = 0
  return {
    current() {
      if (base === 0) {
        const { lastInsertRowid } = add.run(process, Date.now())
        base = (Number(lastInsertRowid) % PROCESSES) * SHARE
      }
      return base + count
    },
    store: () => {},
    stored() {
      committed = base
      if (++count < SHARE) return
      count = base = committed = 0
    },
    forget() {
      base = committed
      count++
    },
  }
}

/** Row of the process that made a claim. */
export function processOf(token: number): number {
  return Math.floor(token / SHARE)
}
