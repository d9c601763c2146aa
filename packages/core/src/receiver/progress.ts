import type { Inbox } from '../inbox/inbox.ts'

const MINUTE = 60_000
// Weight of the latest time in `usualGap`, a moving average of the times between calls of `runDue`.
const NEW = 0.25

/**
 * Returns true if any process ended a run of this receiver between `since` and `now`. Returns false if the inbox has no
 * journal.
 */
export async function takenIn(
  inbox: Inbox,
  receiver: string,
  since: number,
  now: number,
): Promise<boolean> {
  if (!inbox.journal) return false
  const from = Math.floor(since / MINUTE) * MINUTE
  const to = Math.floor(now / MINUTE + 1) * MINUTE
  const step = to - from
  const rows = await inbox.journal.history({ from, to, step, receiver, kind: 'attempt' })
  return rows.length > 0
}

/** Returns the usual time between two calls of `runDue`, in milliseconds; 0 before the second call. */
export async function usualGap({ records }: Inbox, receiver: string): Promise<number> {
  const { gap } = Object((await records?.get(keyOf(receiver)))?.value) as { gap?: unknown }
  return typeof gap === 'number' ? gap : 0
}

/** Records that `runDue` was called. Failures are ignored, since only {@link usualGap} reads the record. */
export async function drainBegan(
  { records, worker }: Inbox,
  receiver: string,
  at: number,
): Promise<void> {
  // An inbox with `worker: 'onDemand'` calls `runDue` itself as soon as a task is due. So its calls have no usual gap.
  if (worker === 'onDemand') return
  try {
    const found = await records?.get(keyOf(receiver))
    const { at: before, gap = 0 } = (found?.value ?? {}) as { at?: number; gap?: number }
    const last = before === undefined ? 0 : Math.max(0, at - before)
    const usual = gap === 0 ? last : gap + NEW * (last - gap)
    await records?.set(keyOf(receiver), { at, gap: Math.round(usual) }, found?.version ?? 0)
  } catch {
    // If the inbox is unavailable, `runDue` itself rejects.
  }
}

function keyOf(receiver: string): string {
  return `drains/${receiver}`
}
