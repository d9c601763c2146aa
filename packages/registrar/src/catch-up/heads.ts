import { finite } from '../common/paging.ts'
import type { ListedEvent, Source } from '../source.ts'
import type { Missing } from './missing.ts'
import type { CatchUpPlan } from './options.ts'
import type { ProgressMark } from './progress.ts'
import { interruptible } from './patience.ts'
import type { CatchUpCounts } from './result.ts'

/** What a list needs beside the plan. */
export interface Listing {
  /** Where an earlier run stopped. */
  readonly from: ProgressMark | undefined
  readonly counts: CatchUpCounts
  readonly signal: AbortSignal
  readonly tell: (phase: 'listing') => void
}

// A page of most senders.
const TOLD = 100

/** The events to take, oldest first. Topics without a subscription are counted and left out. */
export async function listHeads(
  receiver: Missing,
  source: Source,
  { since, until, limit, all }: CatchUpPlan,
  { from, counts, signal, tell }: Listing,
): Promise<readonly ListedEvent[]> {
  Object.assign(counts, { listed: 0, skipped: 0, topics: {}, complete: true, cut: undefined })
  const wanted: ListedEvent[] = []
  const range = { since: from?.at ?? since, until, limit, undelivered: !all }
  const list = source.list(range)[Symbol.asyncIterator]()
  const seen = new Set<string>()
  let repeated = 0
  const cut = (why: boolean | 'endless' | undefined): void => {
    counts.cut = why === true ? 'limit' : why || undefined
    counts.complete = counts.cut === undefined
  }
  for (;;) {
    const next = await interruptible(list.next(), signal)
    if (next.done === true) {
      cut(next.value)
      break
    }
    const event = next.value
    finite(event.at, source.provider, event.id)
    if (seen.has(event.id) ? ++repeated > limit : counts.listed > limit) {
      // A source lists `limit` events at most: this list does not end.
      cut('endless')
      await list.return?.(true)
      break
    }
    if (seen.has(event.id)) continue
    seen.add(event.id)
    counts.listed++
    counts.oldest = event.at
    if (counts.listed % TOLD === 0) tell('listing')
    if (from && !isAfter(event, from)) continue
    const { topic = 'unknown' } = event
    if (event.topic !== undefined && !isWanted(receiver, event.topic)) counts.skipped++
    else {
      counts.topics[topic] = (counts.topics[topic] ?? 0) + 1
      wanted.push(event)
    }
  }
  tell('listing')
  return wanted.toSorted((a, b) => (isAfter(a, b) ? 1 : -1))
}

/** The order in which events are taken: equal times are common, since many senders have whole seconds. */
function isAfter(event: ProgressMark, other: ProgressMark): boolean {
  return event.at === other.at ? event.id > other.id : event.at > other.at
}

/**
 * Whether a subscription takes the topic. The list has no aliases, which a provider reads from the payload: those that a
 * topic begins with count (`issues` of `issues.opened`).
 */
function isWanted({ settings, subscribes }: Missing, topic: string): boolean {
  if (settings.onUnhandled === 'store') return true
  const aliases = [...topic.matchAll(/[./:]/g)].map(({ index }) => topic.slice(0, index))
  return subscribes(topic, aliases)
}
