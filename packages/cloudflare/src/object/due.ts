import type { Receiver } from '@postern/core'
import type { RunDueResult } from '@postern/core/engine'
import { errorText } from '@postern/core/internal'
import type { ObjectSettings } from '../remote.ts'

// Milliseconds until a task is tried again that is due and cannot run now: a suspect whose place is taken. At once would never end.
const REST = 1000
// Milliseconds until the next try if the storage failed.
const AGAIN = 10_000

/**
 * Makes the work of the alarm: runs what is due, within the bounds of one invocation. It returns when the next task is due,
 * in milliseconds since 1970, and never rejects. `calls` counts what came in.
 */
export function createDueWork(
  receivers: readonly Receiver[],
  { batch, time }: Pick<ObjectSettings, 'batch' | 'time'>,
): (calls: () => number) => Promise<number | undefined> {
  return async (calls) => {
    const until = performance.now() + time
    let left = batch
    for (;;) {
      const before = calls()
      const all = await Promise.all(receivers.map((receiver) => drained(receiver, until, left)))
      const ran = all.reduce((sum, one) => sum + (one?.ran ?? 0), 0)
      left -= ran
      const more = calls() !== before || (ran > 0 && all.some((one) => (one?.left ?? 0) > 0))
      // What came meanwhile may have been stored behind the last look.
      if (more && left > 0 && performance.now() < until && !all.includes(undefined)) continue
      return more ? Date.now() : nextOf(all)
    }
  }
}

/** Undefined if the storage failed. */
async function drained(
  receiver: Receiver,
  until: number,
  max: number,
): Promise<RunDueResult | undefined> {
  try {
    return await receiver.runDue({ deadline: Math.max(1, until - performance.now()), max })
  } catch (error) {
    receiver.observer.warning?.(receiver.name, `tasks could not be run: ${errorText(error)}`)
    return undefined
  }
}

function nextOf(all: readonly (RunDueResult | undefined)[]): number | undefined {
  const now = Date.now()
  const times = all.flatMap((one) =>
    one
      ? one.next === undefined
        ? []
        : Math.max(one.next, one.left > 0 ? now + REST : now)
      : now + AGAIN,
  )
  return times.length === 0 ? undefined : Math.min(...times)
}
