import type { HeadRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { FIRST_BEHIND, FRONT, NEXT_ROOT, SET_BEHIND, STUCK } from '../sql/lines.ts'

/** Tasks of one line and root run one after another. For one connection. */
export interface Lines {
  /** As `Rows.heads`. */
  heads(lines: readonly number[]): readonly HeadRow[]
  /** As `Rows.queue`. Inside a transaction. */
  queue(changes: readonly { readonly id: number; readonly behind: boolean }[]): number
  /** As `Store.stuck`, of all lanes. */
  stuck(): readonly number[]
}

// It reads all lines that have open tasks: it takes at most this part of the time.
const SHARE = 0.01

/** Prepares the statements. */
export function createLines(db: Database): Lines {
  const nextRoot = db.prepare(NEXT_ROOT)
  const front = db.prepare(FRONT)
  const firstBehind = db.prepare(FIRST_BEHIND)
  const setBehind = db.prepare(SET_BEHIND)
  const stuck = db.prepare(STUCK)
  let rest = 0

  return {
    heads(lines) {
      const heads: HeadRow[] = []
      for (const line of lines)
        for (let root = -1; ;) {
          const next = nextRoot.get(line, root) as { root: number | null }
          if (next.root === null) break
          root = next.root
          for (const row of [...front.all(line, root), ...firstBehind.all(line, root)] as Row[])
            heads.push({
              ...row,
              behind: Boolean(row.behind),
              seq: row.id,
              held: row.state > 1 && row.lease === 1,
            })
        }
      return heads
    },
    queue(changes) {
      let pending = 0
      for (const { id, behind } of changes)
        pending += Number(setBehind.run(behind ? 1 : 0, id).changes)
      return pending
    },
    stuck() {
      const began = performance.now()
      if (began < rest) return []
      const rows = stuck.all() as { line: number }[]
      const now = performance.now()
      rest = now + (now - began) / SHARE
      return rows.map(({ line }) => line)
    },
  }
}

interface Row extends Omit<HeadRow, 'seq' | 'held'> {
  readonly lease: number
}
