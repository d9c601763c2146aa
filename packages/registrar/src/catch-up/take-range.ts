import { isWebhookError } from '@postern/core'
import { type CaughtUp, isTool, textOf } from '@postern/core/internal'
import type { ListedEvent, Source } from '../source.ts'
import { listHeads } from './heads.ts'
import { type Missing, newCounts, type CatchUpProgress, type CatchUpCounts } from './result.ts'
import { checkCatchUp, type CatchUpOptions, type CatchUpPlan } from './options.ts'
import { createPatience } from './patience.ts'
import { claimProgress, progressKey, type Progress } from './progress.ts'

// Progress is stored when one of these is reached, in events or milliseconds. Events that are taken again after a kill are duplicates.
const EVERY = 50
const OFTEN = 1000
const FAILURES = 100

/**
 * Takes what a source lists of a time range, oldest first. Payloads enter by `take`, and redeliveries are asked for. It can
 * be called again after any end: it continues where it stopped.
 */
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

/** The key under which the progress with a source is kept. */
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
  const tell = (phase: CatchUpProgress['phase'], wanted = 0, done = 0): void => {
    const { listed, accepted, duplicates, asked, failed } = counts
    plan.onProgress({ phase, listed, wanted, done, accepted, duplicates, asked, failed })
  }
  const patiently = createPatience(plan.patience, signal, (time) => {
    const { listed, accepted, duplicates, asked, failed } = counts
    const figures = { listed, wanted: wanted.length, done, accepted, duplicates, asked, failed }
    plan.onProgress({ phase: 'waiting', ...figures, waitsUntil: Date.now() + time })
  })
  let wanted: readonly ListedEvent[] = []
  let done = 0
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
    tell('taking', wanted.length, done)
    if (++unsaved < EVERY && performance.now() - saved < OFTEN) continue
    await progress.save()
    saved = performance.now()
    unsaved = 0
    signal.throwIfAborted()
  }
  // What was listed and could not be found may only not be there yet.
  for (const event of absent) await settle(receiver, source, plan, event, counts, patiently, true)
  return counts
}

type Patiently = ReturnType<typeof createPatience>

/** One event: taken or asked for, or counted as failed if the trouble is its own. False if it was not found, and is to be tried again. */
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

/** The code of an error that concerns one event alone. */
function ownTrouble(error: unknown): string | undefined {
  const code = textOf(error, 'code')
  if (isWebhookError(error)) return error.status < 500 && code !== 'in_progress' ? code : undefined
  return code === 'not_found' || code === 'invalid' ? code : undefined
}

/** Payloads must have the form that the endpoint's deliveries have. */
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
