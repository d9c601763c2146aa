import { PENDING, RUNNING, passes, type Fence, type Patch, type TaskRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { DROP_TASK, PATCH, TO_PATCH } from '../sql/tasks.ts'
import type { Attempts } from './attempts.ts'
import type { StoredRuns } from './claims.ts'
import type { Tally } from './tally.ts'

/** What a fence looks at. */
interface Row extends TaskRow {
  readonly lease: number
  readonly cause: string | null
  /** 2 if the contents of its event are erased. */
  readonly contents: number | null
  /** Of its event. */
  readonly key: string | null
  readonly receiver: string | null
}

/** The parts that changing tasks uses. */
interface PatchParts {
  readonly tally: Tally
  readonly attempts: Attempts
  readonly claims: StoredRuns
  /** True if the lease of a claim with this token is over. */
  readonly isOver: (token: number) => boolean
}

const GONE = 4
const ERASED = 2

/** Makes `Rows.patch`. Inside a transaction, at a time of the file's clock. */
export function createPatch(
  db: Database,
  { tally, attempts, claims, isOver }: PatchParts,
): (patches: readonly Patch[], fence: Fence, now: number) => ReadonlySet<number> {
  const find = db.prepare(TO_PATCH)
  const update = db.prepare(PATCH)
  const drop = db.prepare(DROP_TASK)

  return (patches, fence, now) => {
    claims.spread()
    const counted = new Set<number>()
    for (const patch of patches) {
      const row = find.get(patch.id) as Row | undefined
      if (!row || row.round !== patch.round || !holds(row, patch, fence, now)) continue
      change(row, patch, fence, now)
      counted.add(patch.id)
    }
    return counted
  }

  function holds(row: Row, patch: Patch, fence: Fence, now: number): boolean {
    return passes(fence, patch, row, {
      event: () => row,
      due: () => row.due <= now,
      over: () => row.lease === 1 && isOver(patch.token),
      whole: () => row.contents !== ERASED,
    })
  }

  function change(row: Row, patch: Patch, fence: Fence, now: number): void {
    const { id, lane, fair } = row
    const { state, attempted, wait } = patch
    if (state === GONE) {
      drop.run(id)
      attempts.drop(id)
      return tally.move(lane, row.state, undefined, fair)
    }
    if (attempted) attempts.add(id, patch.token, attempted, now)
    // Another process has claimed a task that is done now: its claim stays on the row until its run has ended.
    const theirs = fence === 'first' && row.state === RUNNING && row.token !== patch.token
    const token = theirs || patch.open ? row.token : state === PENDING ? 0 : patch.token
    update.run(
      state,
      wait === undefined ? row.due : now + Math.ceil(wait),
      patch.gate ?? row.gate,
      (patch.behind ?? Boolean(row.behind)) ? 1 : 0,
      patch.attempt ?? row.attempt,
      token,
      theirs ? 1 : 0,
      row.round + (patch.anew ? 1 : 0),
      patch.cut ?? row.cut,
      patch.charged ?? row.charged,
      patch.took === undefined ? row.took : patch.took,
      patch.error === undefined ? row.error : patch.error,
      patch.cause === undefined ? row.cause : patch.cause,
      id,
    )
    tally.move(lane, row.state, state, fair)
  }
}
