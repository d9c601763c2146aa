import fc from 'fast-check'
import { expect } from 'vitest'
import type { Inbox } from '@postern/core/inbox'
import { intake, item } from '../../packages/testing/src/inbox/make.ts'
import {
  createTaskRecorder,
  DONE_OUTCOME,
  retryIn,
} from '../../packages/testing/src/inbox/recorder.ts'

/** A store whose clock the law steps. */
export interface ClockedStore {
  /** Opens an inbox on the same store. */
  open(): Inbox
  /** Sets its clock to the true time plus these milliseconds. */
  set(ahead: number): void
}

const HOUR = 3_600_000
const AHEAD = [-365 * 24 * HOUR, -24 * HOUR, -HOUR, 0, HOUR, 24 * HOUR, 365 * 24 * HOUR]

type Act = { readonly set: number } | 'accept' | 'accept and fail once' | 'restart'

/** Any steps of the clock, among deliveries, retries and restarts. */
export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...AHEAD).map((set): Act => ({ set })) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Act>('accept', 'accept and fail once', 'restart'),
    },
  ),
  { minLength: 4, maxLength: 12 },
)

/**
 * Whatever the clock does: all that was accepted runs as often as it must, soon, without an interruption, and none of it again when it
 * is delivered again.
 */
export async function keepsClockLaw(store: ClockedStore, plan: readonly Act[]): Promise<void> {
  const runs = new Map<string, number>()
  const wanted = new Map<string, number>()
  const done = new Set<string>()
  let interrupted = 0
  const start = () => {
    const recorder = createTaskRecorder({
      // Asked each time: a test may have put another clock in its place.
      now: () => Date.now(),
      run({ event }) {
        const id = event.id!
        runs.set(id, (runs.get(id) ?? 0) + 1)
        return runs.get(id)! < wanted.get(id)! ? retryIn(50) : DONE_OUTCOME
      },
    })
    const inbox = store.open()
    const port = inbox.attach({
      ...recorder.consumer,
      settled(claim, outcome, stored, ran) {
        if (stored && outcome.kind === 'done') done.add(claim.event.id!)
        recorder.consumer.settled(claim, outcome, stored, ran)
      },
      interrupted: () => void interrupted++,
    })
    port.work!()
    return { inbox, port }
  }
  store.set(0)
  let app = start()
  try {
    for (const act of plan)
      if (typeof act === 'object') store.set(act.set)
      else if (act === 'restart') {
        await app.port.close(performance.timeOrigin + performance.now() + 2000)
        await app.inbox.close()
        app = start()
      } else {
        const id = String(wanted.size)
        wanted.set(id, act === 'accept' ? 1 : 2)
        expect(await app.port.accept(intake(item(id)), {})).toEqual(['new'])
      }
    await expect.poll(() => done.size, { timeout: 20_000 }).toBe(wanted.size)
    for (const id of wanted.keys())
      expect(await app.port.accept(intake(item(id)), {})).toEqual(['duplicate'])
    expect(Object.fromEntries(runs)).toEqual(Object.fromEntries(wanted))
    expect(interrupted).toBe(0)
  } finally {
    await app.inbox.close()
  }
}
