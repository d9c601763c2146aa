import type { Inbox } from '../inbox/inbox.ts'

const MINUTE = 60_000
// The part of a new gap between drains in the usual one.
const NEW = 0.25

/** True if some process ended a run of this receiver in that time. An inbox without a journal cannot tell: false. */
export async function takenIn(
  inbox: Inbox,
  receiver: string,
  since: number,
  now: number,
): Promise<boolean> {
  if (!inbox.journal) return false
  const from = Math.floor(since / MINUTE) * MINUTE
  const to = now + MINUTE
  const step = Math.max(MINUTE, Math.ceil((to - from) / MINUTE) * MINUTE)
  const rows = await inbox.journal.history({ from, to, step, receiver, kind: 'attempt' })
  return rows.length > 0
}

/** The usual time between two drains of a receiver, in milliseconds; 0 before the second one. */
export async function usualGap({ records }: Inbox, receiver: string): Promise<number> {
  const { gap } = Object((await records?.get(keyOf(receiver)))?.value) as { gap?: unknown }
  return typeof gap === 'number' && gap > 0 ? gap : 0
}

/** Tells that a drain started. What it writes is only for {@link usualGap}, so that a failure changes nothing. */
export async function drainBegan(
  { records, worker }: Inbox,
  receiver: string,
  at: number,
): Promise<void> {
  // An inbox that sets it drains by itself when something is due: there is no usual time.
  if (worker === 'onDemand') return
  try {
    const found = await records?.get(keyOf(receiver))
    const { at: before, gap = 0 } = (found?.value ?? {}) as { at?: number; gap?: number }
    const last = before === undefined ? 0 : Math.max(0, at - before)
    const usual = gap === 0 ? last : gap + NEW * (last - gap)
    await records?.set(keyOf(receiver), { at, gap: Math.round(usual) }, found?.version ?? 0)
  } catch {
    // The drain itself tells what is wrong with the inbox.
  }
}

function keyOf(receiver: string): string {
  return `drains/${receiver}`
}
