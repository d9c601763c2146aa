import fc from 'fast-check'
import { expect } from 'vitest'
import type { Inbox } from '@postern/core/inbox'
import { intake, item } from '../../packages/testing/src/inbox/make.ts'
import {
  createTaskRecorder,
  DONE_OUTCOME,
  retryIn,
} from '../../packages/testing/src/inbox/recorder.ts'

export interface ClockedStore {
  open(): Inbox
  /** Sets the clock to the true time plus `ahead` milliseconds. */
  set(ahead: number): void
}

const HOUR = 3_600_000
const AHEAD = [-365 * 24 * HOUR, -24 * HOUR, -HOUR, 0, HOUR, 24 * HOUR, 365 * 24 * HOUR]

type Act = { readonly set: number } | 'accept' | 'accept and fail once' | 'restart'

/** Generates clock changes mixed with deliveries, retries and restarts. */
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
 * Checks that clock changes have no effect: every accepted task runs soon and as often as it must, without
 * interruptions, and a repeated delivery is a duplicate.
 */
export async function keepsClockLaw(store: ClockedStore, plan: readonly Act[]): Promise<void> {
  const runs = new Map<string, number>()
  const wanted = new Map<string, number>()
  const done = new Set<string>()
  let interrupted = 0
  const start = () => {
    const recorder = createTaskRecorder({
      // Looks up `Date.now` at each call, because a test may replace it.
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
