import type { MaybePromise } from '../../basics/maybe.ts'

/** A claim of this process. */
export interface Leased {
  /** When it was claimed or renewed, in milliseconds of `performance.now()`. */
  leased: number
}

/** The argument of {@link createLeases}. */
export interface LeasesOptions<Lease extends Leased> {
  /** Milliseconds a claim holds without a sign of life. */
  readonly lease: number
  /** Milliseconds between two looks for ended leases. @default a tenth of the lease, from 200 ms to 3 s */
  readonly look?: number
  /** Claims of this process. */
  readonly held: () => Iterable<Lease>
  /** Renews claims in the store. */
  readonly renew: (leases: readonly Lease[]) => MaybePromise<void>
  /** Frees tasks whose lease ended and which this process does not hold. */
  readonly watch: () => MaybePromise<void>
}

/** Keeps the leases of what runs here, and frees tasks whose process gave no sign of life. */
export interface Leases {
  start(): void
  stop(): void
  /** Looks for ended leases now; `drain` begins with it. It rejects if the store fails. */
  look(): Promise<void>
}

/** Makes a {@link Leases}. A store that fails on a timer fails elsewhere too and is reported there; the next try follows soon. */
export function createLeases<Lease extends Leased>(options: LeasesOptions<Lease>): Leases {
  const { lease, held, renew, watch } = options
  const every = options.look ?? Math.min(Math.max(lease / 10, 200), 3000)
  let renewal: ReturnType<typeof setInterval> | undefined
  let looking: ReturnType<typeof setInterval> | undefined
  let renewing: Promise<void> | undefined
  let watching: Promise<void> | undefined

  return {
    start() {
      renewal ??= setInterval(() => void quietly(renewDue), Math.max(1, Math.min(lease / 12, 1000)))
      looking ??= setInterval(() => void quietly(look), every)
    },
    stop() {
      clearInterval(renewal)
      clearInterval(looking)
      renewal = looking = undefined
    },
    look,
  }

  function look(): Promise<void> {
    return (watching ??= once(watch).finally(() => (watching = undefined)))
  }

  function renewDue(): Promise<void> {
    return (renewing ??= once(async () => {
      const now = performance.now()
      const due = [...held()].filter((one) => now - one.leased >= lease / 4)
      if (due.length === 0) return
      await renew(due)
      for (const one of due) one.leased = now
    }).finally(() => (renewing = undefined)))
  }
}

async function once(run: () => MaybePromise<void>): Promise<void> {
  await run()
}

async function quietly(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch {}
}
