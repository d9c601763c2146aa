import { setTimeout as wait } from 'node:timers/promises'

/** Counts what the receiver did, and knows how long it takes to show. */
export interface Effects {
  /** The count when it was last settled. */
  readonly known: number
  /** How much it rose since: waits until it is at least `least`, or for as long as an effect may take. */
  rise(least: number): Promise<number>
  /** How much it rose since, after a time in which late effects come to light. */
  settle(): Promise<number>
  /** Forgets what was counted, as after a restart. */
  reset(): Promise<void>
  /** Milliseconds that an effect took to show. */
  took(milliseconds: number): void
}

const STEP = 10

/** Options of {@link createEffects}, in milliseconds. */
interface EffectsSettings {
  /** The least time that an effect is waited for; the first one ten times as long. */
  readonly patience: number
  /** The least time after which no late effect is expected. */
  readonly quiet: number
}

/** Watches a count. `read` is called no more often than every 10 ms. */
export async function createEffects(
  read: () => Promise<number> | number,
  { patience, quiet }: EffectsSettings,
): Promise<Effects> {
  let slowest: number | undefined
  let known = await counted(read)
  const taken = (now: number): number => {
    const rise = now - known
    known = now
    return rise
  }
  return {
    get known() {
      return known
    },
    async rise(least) {
      // Before the first effect nobody knows how slow this receiver is.
      const most = slowest === undefined ? patience * 10 : Math.max(patience, slowest * 20)
      const until = performance.now() + most
      let now = await counted(read)
      while (now - known < least && performance.now() < until) {
        await wait(STEP)
        now = await counted(read)
      }
      return taken(now)
    },
    async settle() {
      await wait(Math.min(2000, Math.max(quiet, (slowest ?? 0) * 3)))
      return taken(await counted(read))
    },
    async reset() {
      known = await counted(read)
    },
    took(milliseconds) {
      slowest = Math.max(slowest ?? 0, milliseconds)
    },
  }
}

async function counted(read: () => Promise<number> | number): Promise<number> {
  const count: unknown = await read()
  if (typeof count !== 'number' || !Number.isFinite(count))
    throw new TypeError(
      `audit: effect must return a number, got ${String(count)}; count the rows that your handler writes`,
    )
  return count
}
