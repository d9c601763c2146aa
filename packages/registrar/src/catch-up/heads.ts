import { TimelessError } from '../common/paging.ts'
import type { ListedEvent, Source } from '../source.ts'
import type { Missing, CatchUpCounts } from './result.ts'
import type { CatchUpPlan } from './options.ts'
import type { ProgressMark } from './progress.ts'
import { interruptible } from './patience.ts'

/** What a list needs next to the plan. */
interface Listing {
  /** Where an earlier run stopped. */
  readonly from: ProgressMark | undefined
  readonly counts: CatchUpCounts
  readonly signal: AbortSignal
  readonly tell: (phase: 'listing') => void
}

// A page of most senders.
const TOLD = 100

// A list that moves while its pages are read leaves entries out: it is read again until it brings nothing new.
const ROUNDS = 5

type Cut = CatchUpCounts['cut']

/** The events to accept, oldest first. Topics without a subscription are counted and left out. */
export async function listHeads(
  receiver: Missing,
  source: Source,
  plan: CatchUpPlan,
  { from, counts, signal, tell }: Listing,
): Promise<readonly ListedEvent[]> {
  Object.assign(counts, { listed: 0, skipped: 0, topics: {}, oldest: undefined })
  const { since, until, limit, all } = plan
  const wanted: ListedEvent[] = []
  const seen = new Set<string>()
  let cut: Cut
  let before: number
  let round = 0
  do {
    before = seen.size
    cut = await read()
  } while (cut === undefined && seen.size > before && ++round < ROUNDS)
  counts.cut = cut ?? (seen.size > before ? 'moving' : undefined)
  counts.complete = counts.cut === undefined
  tell('listing')
  return wanted.toSorted((a, b) => (isAfter(a, b) ? 1 : -1))

  /** Reads the list once. Returns why it was not read to its end. */
  async function read(): Promise<Cut> {
    const range = { since: from?.at ?? since, until, limit, undelivered: !all }
    const list = source.list(range)[Symbol.asyncIterator]()
    const own = new Set<string>()
    let repeated = 0
    for (;;) {
      const next = await nextOf(list)
      if (next === 'time') return 'time'
      if (next.done === true) return next.value === true ? 'limit' : next.value || undefined
      const event = next.value
      if (!Number.isFinite(event.at)) {
        await list.return?.(true)
        return 'time'
      }
      if (own.has(event.id) ? ++repeated > limit : own.size > limit) {
        // A source lists `limit` events at most: this list does not end.
        await list.return?.(true)
        return 'endless'
      }
      own.add(event.id)
      if (!seen.has(event.id)) take(event)
    }
  }

  async function nextOf(
    list: AsyncIterator<ListedEvent, boolean | 'endless'>,
  ): Promise<IteratorResult<ListedEvent, boolean | 'endless'> | 'time'> {
    try {
      return await interruptible(list.next(), signal)
    } catch (error) {
      // What has such an entry cannot be known to be complete; what came before it is taken.
      if (error instanceof TimelessError) return 'time'
      throw error
    }
  }

  function take(event: ListedEvent): void {
    seen.add(event.id)
    counts.listed++
    counts.oldest = Math.min(counts.oldest ?? Infinity, event.at)
    if (counts.listed % TOLD === 0) tell('listing')
    if (from && !isAfter(event, from)) return
    const { topic = 'unknown' } = event
    if (event.topic !== undefined && !isWanted(receiver, event.topic)) counts.skipped++
    else {
      counts.topics[topic] = (counts.topics[topic] ?? 0) + 1
      wanted.push(event)
    }
  }
}

/** Returns true if `event` comes after `other`. Equal times are common, since many senders give times in whole seconds. */
function isAfter(event: ProgressMark, other: ProgressMark): boolean {
  return event.at === other.at ? event.id > other.id : event.at > other.at
}

/**
 * Whether a subscription takes the topic. The list has no aliases, which a provider reads from the payload: those that a
 * topic starts with count (`issues` of `issues.opened`).
 */
function isWanted({ settings, subscribes }: Missing, topic: string): boolean {
  if (settings.onUnhandled === 'store') return true
  const aliases = [...topic.matchAll(/[./:]/g)].map(({ index }) => topic.slice(0, index))
  return subscribes(topic, aliases)
}
