import { DONE, eventOf, passes, type Fence, type Patch } from '@postern/core/engine'
import type { StoredTask, Tables } from './tables.ts'
import { now } from './clock.ts'

/** Returns whether the row still allows the change that `fence` guards. */
export function holds(
  { events }: Pick<Tables, 'events'>,
  row: StoredTask,
  patch: Pick<Patch, 'token' | 'event'>,
  fence: Fence,
): boolean {
  return passes(fence, patch, row, {
    event: () => events.get(eventOf(row.id)),
    due: () => row.due <= now(),
    over: () => row.lease !== null && row.lease <= now(),
    whole: () => events.get(eventOf(row.id))?.contents !== 'erased',
  })
}

export function patched(row: StoredTask, patch: Patch, fence: Fence): StoredTask {
  const { state, wait, open, anew, took, error, cause } = patch
  const ended = state >= DONE
  // The ended row keeps the newer claim of another process until that process's run ends.
  const theirs = ended && row.lease !== null && row.token !== patch.token
  return {
    ...row,
    state: state as StoredTask['state'],
    due: wait === undefined ? row.due : now() + wait,
    lease: theirs ? row.lease : null,
    token: theirs || open ? row.token : ended ? patch.token : 0,
    round: row.round + (anew ? 1 : 0),
    runs: row.runs - (fence === 'held' ? 1 : 0),
    gate: patch.gate ?? row.gate,
    behind: patch.behind ?? row.behind,
    attempt: patch.attempt ?? row.attempt,
    cut: patch.cut ?? row.cut,
    charged: patch.charged ?? row.charged,
    took: took === undefined ? row.took : took,
    error: error === undefined ? row.error : error,
    cause: cause === undefined ? row.cause : cause,
    fold: patch.fold ?? row.fold,
  }
}
