import { settledBy } from '../../basics/deadline.ts'
import { nextRound } from '../../basics/soon.ts'
import { isA, WebhookError } from '../../errors.ts'
import type { Side } from './attach/attachment.ts'
import type { Drained } from '../inbox.ts'
import type { SideParts } from './parts.ts'
import type { Watch } from './lease/watch.ts'
import type { BurstEnd } from './run/burst.ts'
import type { Claims } from './run/claim.ts'

/** The work of a receiver, from its start to its close. */
interface SideLife extends Required<Pick<Side, 'work' | 'drain' | 'burst' | 'close'>> {
  /** True while a drain runs. */
  readonly draining: () => boolean
  /** Any task may be ready. */
  readonly look: () => void
  /** The receiver is shut out of the store, or, without a reason, that is over. */
  readonly shut: (refused: string | undefined) => void
}

// Milliseconds that dropping what is old may take after a burst.
const TIDY = 100

/** Makes the life of a receiver. */
export function createSideLife(parts: SideParts, claims: Claims, watch: Watch): SideLife {
  const { store, writer, settings, consumer, lanes } = parts
  const runner = parts.runner()
  let working = false
  let drains = 0
  let poll: ReturnType<typeof setInterval> | undefined
  return {
    draining: () => drains > 0,
    look,
    shut,
    work,
    drain,
    burst,
    close,
  }

  function look(): void {
    claims.soon()
    runner.look()
  }

  /**
   * Looks only if something may be ready. A look lets older tasks go first: what arrives before its claim is stored without
   * one, and read and parsed again by the next.
   */
  async function polled(): Promise<void> {
    let found = true
    try {
      if (store.opened && lanes.complete()) found = (await store.any?.(lanes.all())) ?? true
    } catch {
      // The claim reports it.
    }
    if (found) look()
  }

  function shut(refused: string | undefined): void {
    if (refused === undefined) return look()
    consumer.warn(refused)
    runner.giveBack(refused)
  }

  function work(): void {
    working = true
    parts.onWork()
    runner.work()
    look()
    if (store.alone) return
    watch.start()
    poll = setInterval(() => void polled(), settings.pollInterval)
    // If the store fails the next look on the timer reports it.
    watch.look().catch(() => {})
  }

  async function drain(until: number, max: number, last?: number): Promise<Drained> {
    drains++
    if (!store.alone) watch.start()
    try {
      if (!store.opened) await store.open()
      const drained = await runner.drain(until, max, last)
      await parts.tidy(until)
      return drained
    } catch (error) {
      throw isA(error, WebhookError) ? error : store.refusal(error)
    } finally {
      drains--
      if (!working && drains === 0) watch.stop()
    }
  }

  /** A task that does not run is lost with the process: half of the time is for those that wait. */
  async function workedOff(until: number): Promise<void> {
    const half = (performance.now() + until) / 2
    do {
      await settledBy(runner.idle(), half)
      // The last one may have made others ready.
      await nextRound()
    } while (!runner.isIdle() && performance.now() < half)
  }

  function burst(most: number): BurstEnd | undefined {
    const end = runner.burst(most)
    if (!end) return undefined
    return async () => {
      const ended = await end()
      if (ended) await parts.tidy(performance.now() + TIDY)
      return ended
    }
  }

  async function close(until: number): Promise<void> {
    clearInterval(poll)
    if (store.alone) await workedOff(until)
    await runner.close(until)
    await settledBy(writer.flushed(), until)
    watch.stop()
  }
}
