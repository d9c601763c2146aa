import { setTimeout as wait } from 'node:timers/promises'
import type { AuditCase } from './case.ts'
import type { Played } from './judge.ts'
import type { AuditFailure } from './report.ts'

/** How the process behind a receiver is looked at. */
export interface ProcessLife {
  /** True if something listens. */
  alive(): Promise<boolean>
  /** Starts it again, or waits for whoever does; false if it stays away. */
  revive(): Promise<boolean>
}

/** What came of a crash. */
interface Crash {
  /** The case that ended the process; undefined if it did not end again. */
  readonly failure: AuditFailure | undefined
  /** True if nothing listens any more. */
  readonly gone: boolean
}

// A process that ends after its reply needs a moment.
const MOMENT = 150

/** Finds the case that ended the process, by playing the last ones again: the newest first. */
export async function blame(
  recent: readonly Played[],
  play: (judged: AuditCase) => Promise<Played>,
  life: ProcessLife,
): Promise<Crash> {
  const [last, before] = recent
  if (!(await life.revive())) {
    // What met a closed port came too late to be guilty.
    const isLate = last!.replies.some((reply) => reply?.error === REFUSED_CONNECTION)
    return { failure: crashOf(isLate && before ? before : last!), gone: true }
  }
  for (const { case: judged } of recent) {
    const played = await play(judged)
    await wait(MOMENT)
    if (await life.alive()) continue
    return { failure: crashOf(played), gone: !(await life.revive()) }
  }
  return { failure: undefined, gone: false }
}

/**
 * The error of a reply that a closed port gave: such a request came too late to have ended the process.
 *
 * @example const reply = { status: 0, headers: {}, body: '', ms: 0, error: REFUSED_CONNECTION }
 */
export const REFUSED_CONNECTION = 'the connection was refused'

function crashOf({ case: judged, requests }: Played): AuditFailure {
  const byStranger = judged.expects.reply === 'refused'
  return {
    case: judged,
    symptom: 'crash',
    severity: byStranger || judged.class === 'resilience' ? 'critical' : 'high',
    came: 'the process ended',
    ...(requests[0] && { request: requests[0] }),
  }
}
