import { isWebhookError } from '@postern/core'
import { type CaughtUp, isTool, textOf } from '@postern/core/internal'
import type { ListedEvent, Source } from '../source.ts'
import { type Missing, newCounts, type CatchUpProgress, type CatchUpCounts } from './result.ts'
import { checkCatchUp, type CatchUpOptions, type CatchUpPlan } from './options.ts'
import { createPatience, interruptible } from './patience.ts'
import { claimProgress, progressKey, type Progress, type ProgressMark } from './progress.ts'
import { TimelessError } from '../common/read.ts'

// The progress is stored after EVERY events or OFTEN milliseconds. If the process is killed, the events since then are
// ingested again, and count as duplicates.
const EVERY = 50
const OFTEN = 1000
const FAILURES = 100

/** Ingests the events of one range, oldest first. After a failure, the next call continues where this call stopped. */
export async function takeRange(
  receiver: Missing,
  source: Source,
  options: CatchUpOptions,
  closing: AbortSignal,
): Promise<CaughtUp> {
  const { inbox, onUnhandled } = receiver.settings
  const plan = checkCatchUp(receiver, source, options)
  const { since, until, all, records } = plan
  if (plan.dryRun) return run(receiver, source, plan, closing, undefined)
  if (source.kind === 'payload' && isTool() && !inbox.can.durable)
    throw new TypeError(
      `catchUp: ${inbox.name} forgets the events when this process ends; call catchUp in the app, or use an inbox that stores events`,
    )
  const progress = await claimProgress(records, sourceKey(receiver, source, plan.tenant), {
    since,
    until,
    all,
    topics: [...receiver.topics, onUnhandled],
  })
  try {
    const result = await run(receiver, source, plan, closing, progress)
    await progress.finish()
    return result
  } catch (error) {
    await progress.release()
    throw error
  }
}

export function sourceKey({ name }: Missing, source: Source, tenant: string | undefined): string {
  return progressKey(name, source.provider, source.account, source.kind, tenant ?? null)
}

async function run(
  receiver: Missing,
  source: Source,
  plan: CatchUpPlan,
  closing: AbortSignal,
  progress: Progress | undefined,
): Promise<CaughtUp> {
  const { inbox, now } = receiver.settings
  const counts = newCounts(`${source.provider}: ${source.account}`, plan.since, plan.until)
  const from = progress?.from
  if (from) counts.resumedAt = from.at
  const signal = progress ? AbortSignal.any([closing, progress.lost]) : closing
  let wanted: readonly ListedEvent[] = []
  let done = 0
  const tell = (phase: CatchUpProgress['phase'], more: Partial<CatchUpProgress> = {}): void => {
    const { listed, accepted, duplicates, asked, failed } = counts
    const figures = { listed, wanted: wanted.length, done, accepted, duplicates, asked, failed }
    plan.onProgress({ phase, ...figures, ...more })
  }
  const patiently = createPatience(plan.patience, signal, (time) =>
    tell('waiting', { waitsUntil: Date.now() + time }),
  )
  wanted = await patiently(() => listHeads(receiver, source, plan, { from, counts, signal, tell }))
  await checkVersions(source, plan, wanted, patiently)
  if (!progress) return counts
  if (source.kind === 'redelivery' && source.redeliverUntried) {
    if (!progress.untried) {
      await patiently(() => source.redeliverUntried!({ since: plan.since, until: plan.until }))
      await progress.asked()
    }
    counts.askedUntried = true
  }

  let saved = performance.now()
  let unsaved = 0
  const absent: ListedEvent[] = []
  for (const event of wanted) {
    if (!plan.beyondWindow && event.at < now() - inbox.dedupeWindow) counts.expired++
    else if (!(await settle(receiver, source, plan, event, counts, patiently))) absent.push(event)
    done++
    progress.reached({ at: event.at, id: event.id })
    tell('taking')
    if (++unsaved < EVERY && performance.now() - saved < OFTEN) continue
    await progress.save()
    saved = performance.now()
    unsaved = 0
    signal.throwIfAborted()
  }
  // Some APIs list an event a moment before they return its payload. So events that were not found are tried once more.
  for (const event of absent) await settle(receiver, source, plan, event, counts, patiently, true)
  return counts
}

type Patiently = ReturnType<typeof createPatience>

/**
 * Ingests one event, or asks the sender for it. An error that concerns only this event is counted and not thrown.
 * Returns false if the event was not found and needs a retry.
 */
async function settle(
  receiver: Missing,
  source: Source,
  { tenant }: CatchUpPlan,
  event: ListedEvent,
  counts: CatchUpCounts,
  patiently: Patiently,
  last = false,
): Promise<boolean> {
  try {
    if (source.kind === 'redelivery') {
      await patiently(() => source.redeliver(event))
      counts.asked++
      return true
    }
    const listed = await patiently(() => source.read(event))
    const delivery = {
      method: 'POST',
      url: listed.url ?? '/',
      headers: listed.headers,
      body: new TextEncoder().encode(listed.body),
    }
    const { outcome } = await patiently(() =>
      receiver.ingest(delivery, {
        needsId: true,
        ...(!source.derivesIds && { id: event.id }),
        ...(tenant !== undefined && { tenant }),
      }),
    )
    if (outcome === 'accepted') counts.accepted++
    else if (outcome === 'duplicate') counts.duplicates++
    else counts.skipped++
  } catch (error) {
    const code = ownTrouble(error)
    if (code === undefined) throw error
    if (code === 'not_found' && !last) return false
    if (code === 'unhandled_topic') counts.skipped++
    else {
      const { id, topic, at } = event
      counts.failed++
      if (counts.failures.length < FAILURES) counts.failures.push({ id, topic, at, code })
    }
  }
  return true
}

/** Returns the code of an error that concerns only one event, and undefined for other errors. */
function ownTrouble(error: unknown): string | undefined {
  const code = textOf(error, 'code')
  if (isWebhookError(error)) return error.status < 500 && code !== 'in_progress' ? code : undefined
  return code === 'not_found' || code === 'invalid' ? code : undefined
}

async function checkVersions(
  source: Source,
  { anyVersion }: CatchUpPlan,
  wanted: readonly ListedEvent[],
  patiently: Patiently,
): Promise<void> {
  if (source.kind !== 'payload' || !source.version || anyVersion || wanted.length === 0) return
  const own = await patiently(() => source.version!())
  if (own === undefined) return
  const others = wanted.filter(({ version }) => version !== undefined && version !== own)
  if (others.length === 0) return
  const versions = [...new Set(others.map(({ version }) => version))].join(', ')
  throw new TypeError(
    `catchUp: ${others.length} of ${wanted.length} events are rendered in version ${versions}, and the endpoint's deliveries in ${own}; handlers may read other members: set anyVersion: true if they can`,
  )
}

interface Listing {
  readonly from: ProgressMark | undefined
  readonly counts: CatchUpCounts
  readonly signal: AbortSignal
  readonly tell: (phase: 'listing') => void
}

// Number of listed events between two progress reports. Most senders have pages of this size.
const TOLD = 100

// Maximum number of times that the list is read. If the list changes between two pages, an entry may be missed. So the
// list is read again until a reading finds no new entry.
const ROUNDS = 5

type Cut = CatchUpCounts['cut']

/** Returns the events to ingest, oldest first. Events without a matching subscription are only counted. */
async function listHeads(
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

  /** Reads the list once. Returns why reading stopped early, or undefined at the end of the list. */
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
        // A source must list at most `limit` events, so a longer list may be endless.
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
      // Entries after one without a time cannot be checked. The events before that entry are still ingested.
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

/** Returns true if `event` comes after `other`. If times are equal, the id decides. Many senders send whole seconds. */
function isAfter(event: ProgressMark, other: ProgressMark): boolean {
  return event.at === other.at ? event.id > other.id : event.at > other.at
}

/**
 * Returns true if a subscription matches the topic. The aliases of an event are in its payload, which the list lacks.
 * So each prefix of the topic counts as an alias (`issues` for `issues.opened`).
 */
function isWanted({ settings, subscribes }: Missing, topic: string): boolean {
  if (settings.onUnhandled === 'store') return true
  const aliases = [...topic.matchAll(/[./:]/g)].map(({ index }) => topic.slice(0, index))
  return subscribes(topic, aliases)
}
