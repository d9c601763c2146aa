import type { BatchObservableResult } from '@opentelemetry/api'
import type { ObservedReceiver, PauseInfo } from '@postern/core/internal'
import type { Instruments } from './instruments.ts'

/** Gauges of tasks in each inbox and of the circuit breakers of `forward`, read at each collection. */
interface Gauges {
  add(receiver: ObservedReceiver): () => void
  paused(pause: PauseInfo): void
  /** Writes the current values of all gauges to a result. Never rejects. */
  read(result: BatchObservableResult, instruments: Instruments): Promise<void>
}

type Seen = Set<string>
type Stats = Awaited<ReturnType<NonNullable<ObservedReceiver['stats']>>>

// Maximum wait for an inbox, in milliseconds. A collector of metrics waits only a few seconds.
const PATIENCE = 2000
// Milliseconds. Collectors that read within this time share one query to the inbox.
const FRESH = 1000
// Maximum number of destinations in the gauge `breakers`: those whose calls paused last. The others are left out.
const MOST = 10_000

export function createGauges(destinations: Bounded): Gauges {
  const receivers = new Map<ObservedReceiver, () => Promise<Stats>>()
  const pauses = new Map<string, PauseInfo>()

  return {
    add(receiver) {
      const { stats } = receiver
      if (!stats) return () => {}
      const seen: Seen = new Set()
      receivers.set(
        receiver,
        shared(async () => withEmpty(receiver.name, seen, await within(stats(), PATIENCE))),
      )
      return () => void receivers.delete(receiver)
    },
    paused(pause) {
      const key = JSON.stringify([pause.receiver, pause.subscription, pause.destination])
      pauses.delete(key)
      pauses.set(key, pause)
      if (pauses.size > MOST) pauses.delete(pauses.keys().next().value!)
    },
    async read(result, instruments) {
      readPauses(result, instruments)
      await Promise.all(
        [...receivers].map(async ([{ name }, stats]) => {
          const own = { 'messaging.destination.name': name }
          try {
            readLanes(result, instruments, await stats())
            result.observe(instruments.inboxUp, 1, own)
          } catch {
            // The outage is not logged here, because other observers of the receiver already report it.
            result.observe(instruments.inboxUp, 0, own)
          }
        }),
      )
    },
  }

  function readPauses(result: BatchObservableResult, { breakers }: Instruments): void {
    const now = Date.now()
    const counts = new Map<string, { readonly of: PauseInfo; readonly states: States }>()
    for (const pause of pauses.values()) {
      const { receiver, subscription, until } = pause
      const destination = destinations(receiver, pause.destination)
      const key = JSON.stringify([receiver, subscription, destination])
      let found = counts.get(key)
      if (!found) {
        const states = { closed: 0, open: 0, half_open: 0 }
        counts.set(key, (found = { of: { ...pause, destination }, states }))
      }
      found.states[until === undefined ? 'closed' : until > now ? 'open' : 'half_open']++
    }
    // States with a count of 0 are reported too. Otherwise an SDK would repeat the last count of such a state.
    for (const { of, states } of counts.values())
      for (const [state, count] of Object.entries(states))
        result.observe(breakers, count, {
          ...laneOf(of),
          'postern.destination': of.destination,
          'postern.state': state,
        })
  }
}

/**
 * Adds zeros for subscriptions that had tasks before, because the statistics of an inbox leave out subscriptions
 * without tasks.
 */
function withEmpty(receiver: string, seen: Seen, stats: Stats): Stats {
  const missing = new Set(seen)
  for (const { subscription } of stats) {
    seen.add(subscription)
    missing.delete(subscription)
  }
  const counts = { pending: 0, running: 0, done: 0, dead: 0 }
  const empty = [...missing].map((subscription) => ({
    receiver,
    subscription,
    counts,
    oldestDueAt: undefined,
  }))
  return [...stats, ...empty]
}

type States = Record<'closed' | 'open' | 'half_open', number>

function readLanes(
  result: BatchObservableResult,
  { tasks, oldestDue }: Instruments,
  stats: Stats,
): void {
  const now = Date.now()
  for (const { counts, oldestDueAt: oldest, ...lane } of stats) {
    for (const state of ['pending', 'running', 'dead'] as const)
      result.observe(tasks, counts[state], { ...laneOf(lane), 'postern.state': state })
    const age = oldest === undefined ? 0 : Math.max(0, now - oldest) / 1000
    result.observe(oldestDue, age, laneOf(lane))
  }
}

/** Returns a function that makes at most one call per FRESH milliseconds. Its callers share the result. */
function shared<T>(call: () => Promise<T>): () => Promise<T> {
  let asked: { readonly at: number; readonly result: Promise<T> } | undefined
  return () => {
    const at = performance.now()
    if (!asked || at - asked.at > FRESH) asked = { at, result: call() }
    return asked.result
  }
}

async function within<T>(work: Promise<T>, patience: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${patience} ms`)), patience)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns `value` for the first `most` different values of an owner, and `rest` for any further value. So senders
 * cannot create unlimited time series.
 */
interface Bounded {
  (owner: string, value: string): string
}

// Maximum length of a name, in characters. Longer values become `rest`.
const LONGEST = 200

export function createBounded(most: number, rest: string): Bounded {
  const owners = new Map<string, Set<string>>()
  return (owner, value) => {
    let known = owners.get(owner)
    if (!known) owners.set(owner, (known = new Set()))
    if (known.has(value)) return value
    if (known.size >= most || value.length > LONGEST) return rest
    known.add(value)
    return value
  }
}

export function laneOf(of: {
  readonly receiver: string
  readonly subscription: string
}): Record<string, string> {
  return {
    'messaging.destination.name': of.receiver,
    'messaging.consumer.group.name': of.subscription,
  }
}
