import { grouped, MINUTE } from '@postern/core/engine'
import type { Bucket, Journal, SubscriptionStats } from '@postern/core/inbox'
import type { HealthReply, RejectedGroup, Thing } from '../api/health.ts'
import { SHOWN, deadThings, moreOf } from '../health/dead.ts'
import { withMarks } from '../health/mutes.ts'
import { type Proofs, keepProof, type Proof } from '../health/proofs.ts'
import { burstsOf, isStranger, recentFrom, type Burst } from '../health/rejected.ts'
import {
  countBuckets,
  countsPerStep,
  spanOf,
  sumOf,
  type Counted,
  type TimeSpan,
  quantileOf,
} from '../span.ts'
import { moreWithheldOf, withheldThings } from '../withheld.ts'
import type { Context } from './context.ts'
import type { Inspected } from '../options.ts'
import { isSilent, rhythmOf, type Week } from '../health/week.ts'
import type { ExplainReply } from '../api/detail.ts'
import { explanationOf } from './explain.ts'

export async function answerHealth(context: Context, most: number = SHOWN): Promise<HealthReply> {
  const { inbox, query, now, weekOf, visitor, receivers: here } = context
  const receiver = query.get('receiver') ?? undefined
  const at = now()
  const span = spanOf(query.get('range'), at)
  const only = receiver !== undefined && { receiver }
  const range = { from: span.from, to: span.to, step: span.step, ...only }
  const history = historyOf(inbox.journal)
  const [stats, causes, outcomes, codes, recent, runs, failures, week] = await Promise.all([
    inbox.view?.stats() ?? [],
    visitor.payloads ? (inbox.view?.causes(only || {}) ?? []) : [],
    history({ ...range, kind: 'delivery', by: 'outcome' }),
    history({ ...range, kind: 'delivery', by: 'code' }),
    history({ ...range, from: recentFrom(at), step: MINUTE, kind: 'delivery', by: 'code' }),
    history({ ...range, kind: 'attempt', by: 'outcome' }),
    visitor.payloads ? history({ ...range, kind: 'attempt', by: 'cause' }) : [],
    weekOf(inbox),
  ])
  const isMeant = (one: { readonly receiver: string }): boolean =>
    receiver === undefined || one.receiver === receiver
  const lanes = stats.filter(isMeant)
  const names = [
    ...new Set(
      [...lanes, ...countBuckets(week.verified)].filter(isMeant).map((one) => one.receiver),
    ),
  ]
  const receivers = await receiversOf(context, names, receiver)
  const bursts = burstsOf(recent, week.codes, at).filter(isMeant)
  const groups = rejectedGroups(span, codes, visitor.payloads ? context.proofs : new Map())
  const isBurst = ({ receiver: of, code }: RejectedGroup): boolean =>
    bursts.some((burst) => burst.receiver === of && burst.code === code)
  const usual = groups.filter((group) => !isBurst(group))
  const dead = visitor.payloads
    ? await withMarks(
        inbox,
        deadThings(causes, {
          failures: countBuckets(failures),
          week: week.failures.filter(isMeant),
          span,
          at,
        }).slice(0, most),
      )
    : await withheldThings(inbox.view, lanes, countBuckets(runs), span, at, most)
  const rejected = await rejectedThings(context, bursts, span, codes)
  return {
    at,
    range: { from: span.from, to: span.to, step: span.step },
    deliveries: sumOf(countBuckets(outcomes)),
    dead: lanes.reduce((sum, { counts }) => sum + counts.dead, 0),
    oldest: oldestOf(lanes),
    things: [
      ...receivers.flatMap(broken),
      ...dead.filter((one) => !one.isOver && !one.muted),
      ...rejected.filter((one) => !one.isOver),
      ...receivers.flatMap((one) => silentThing(one, week.verified, at)),
      ...rejected.filter(({ isOver }) => isOver),
      ...dead.filter((one) => one.isOver || one.muted),
    ],
    more: visitor.payloads ? moreOf(dead, causes, lanes) : moreWithheldOf(dead, lanes),
    usual: { count: usual.reduce((sum, { count }) => sum + count, 0), groups: usual },
    handlers: handlersOf(span, runs, lanes),
    receivers: receiverRows(receivers, countBuckets(outcomes), lanes, week, here),
  }
}

export function historyOf(
  journal: Journal | undefined,
): (range: Parameters<Journal['history']>[0]) => Promise<readonly Bucket[]> {
  return async (range) => (await journal?.history(range)) ?? []
}

function oldestOf(lanes: readonly SubscriptionStats[]): number | undefined {
  const due = lanes.flatMap(({ oldestDueAt: oldest }) => oldest ?? [])
  return due.length === 0 ? undefined : Math.min(...due)
}

function rejectedGroups(
  span: TimeSpan,
  codes: readonly Bucket[],
  proofs: Proofs,
): readonly RejectedGroup[] {
  const groups = grouped(countBuckets(codes), ({ receiver, value }) =>
    JSON.stringify([receiver, value]),
  )
  return [...groups.values()]
    .map((buckets) => {
      const { receiver, value: code, from } = buckets[0]!
      const spark = countsPerStep(span, buckets)
      const proven = proofs.get(JSON.stringify([receiver, code]))?.proof.proven
      return {
        receiver,
        code,
        count: sumOf(buckets),
        since: from,
        spark,
        ...(proven && { proven }),
      }
    })
    .sort((one, other) =>
      isStranger(one.code) === isStranger(other.code)
        ? other.count - one.count
        : Number(isStranger(one.code)) - Number(isStranger(other.code)),
    )
}

/** Returns one issue per burst of rejections: with its start, its share of all deliveries, and its proven cause. */
async function rejectedThings(
  context: Context,
  bursts: readonly Burst[],
  span: TimeSpan,
  codes: readonly Bucket[],
): Promise<readonly (Thing & { readonly kind: 'rejected' })[]> {
  if (bursts.length === 0) return []
  const { inbox, now } = context
  const [proofs, sent] = await Promise.all([
    proofsOf(context, bursts),
    historyOf(inbox.journal)({
      from: Math.min(...bursts.map(({ since }) => since)),
      to: now() + 1,
      step: MINUTE,
      kind: 'delivery',
      by: 'outcome',
    }),
  ])
  return Promise.all(
    bursts.map(async (burst, place) => {
      const own = countBuckets(sent).filter(
        ({ receiver, from }) =>
          receiver === burst.receiver && from >= burst.since && from < burst.last,
      )
      return {
        kind: 'rejected' as const,
        ...burst,
        since: await firstOf(inbox.journal, burst),
        of: Math.max(burst.count, sumOf(own)),
        ...proofs[place],
        spark: countsPerStep(span, seriesOf(codes, burst.receiver, burst.code)),
      }
    }),
  )
}

/**
 * Returns the time of a burst's first rejection. If the journal no longer has that rejection, returns the start of its
 * minute.
 */
async function firstOf(
  journal: Journal | undefined,
  { receiver, code, since }: Burst,
): Promise<number> {
  const minute = { since, until: since + MINUTE, outcome: 'rejected' as const }
  const page = await journal?.rejections({ receiver, code, ...minute, limit: 1000, budget: 50 })
  return page?.rows.at(-1)?.at ?? since
}

function seriesOf(buckets: readonly Bucket[], receiver: string, value: string): readonly Counted[] {
  return countBuckets(buckets).filter((one) => one.receiver === receiver && one.value === value)
}

function broken({ name, ok, inbox }: ReceiverState): readonly Thing[] {
  return ok ? [] : [{ kind: 'inbox', receiver: name, message: inbox }]
}

/** Returns an issue if no delivery has come to the receiver for longer than usual. */
function silentThing(
  { name, lastDelivery, silentAfter }: ReceiverState,
  verified: readonly Bucket[],
  now: number,
): readonly Thing[] {
  if (lastDelivery === undefined) return []
  const rhythm = rhythmOf(verified.filter(({ receiver }) => receiver === name))
  if (!isSilent(now, lastDelivery, silentAfter, rhythm)) return []
  return [
    {
      kind: 'silent',
      receiver: name,
      since: lastDelivery,
      usually: rhythm?.usually,
      ...(silentAfter !== undefined && { limit: silentAfter }),
    },
  ]
}

const MOST_TOPICS = 10

function receiverRows(
  states: readonly ReceiverState[],
  outcomes: readonly Counted[],
  lanes: readonly SubscriptionStats[],
  week: Week,
  receivers: readonly Pick<Inspected, 'name' | 'answers'>[],
): HealthReply['receivers'] {
  return states.map(({ name, ok, inbox, lastDelivery }) => {
    const own = outcomes.filter(({ receiver }) => receiver === name)
    const rejected = own.filter(({ value }) => value === 'rejected')
    const genuine = own.filter(({ value }) => value !== 'rejected')
    const here = receivers.find((one) => one.name === name)
    return {
      name,
      ok,
      inbox,
      lastDelivery,
      usually: rhythmOf(week.verified.filter(({ receiver }) => receiver === name))?.usually,
      deliveries: sumOf(own),
      rejected: sumOf(rejected),
      unhandled: [
        ...new Set(
          week.unhandled.flatMap(([receiver, topic]) =>
            receiver === name && here?.answers(topic) !== true ? topic : [],
          ),
        ),
      ].slice(0, MOST_TOPICS),
      waiting: lanes
        .filter(({ receiver }) => receiver === name)
        .reduce((sum, { counts }) => sum + counts.pending, 0),
      p99: quantileOf(genuine, 0.99),
    }
  })
}

/** The state of a receiver. If the receiver runs in another process, the facts come only from the journal. */
interface ReceiverState extends Pick<
  HealthReply['receivers'][number],
  'name' | 'ok' | 'inbox' | 'lastDelivery'
> {
  readonly silentAfter: number | undefined
}

/** Returns the states of the receivers in this process, and of the other receivers in `known`. */
async function receiversOf(
  { receivers, inbox }: Context,
  known: readonly string[],
  only: string | undefined,
): Promise<readonly ReceiverState[]> {
  const here = receivers.filter(({ name }) => only === undefined || name === only)
  const others = known.filter((name) => !here.some((receiver) => receiver.name === name))
  return Promise.all([
    ...here.map(async (receiver) => {
      const { ok, cause, lastDelivery, silentAfter } = await receiver.health()
      return { name: receiver.name, ok, inbox: cause ?? 'ok', lastDelivery, silentAfter }
    }),
    ...others.map(async (name) => {
      const outcome = ['accepted', 'duplicate', 'unhandled'] as const
      const page = await inbox.journal?.deliveries({ receiver: name, outcome, limit: 1 })
      return {
        name,
        ok: true,
        inbox: 'ok',
        lastDelivery: page?.rows[0]?.at,
        silentAfter: undefined,
      }
    }),
  ])
}

/** Counts runs by subscription. Subscriptions without a run are listed too. */
function handlersOf(
  span: TimeSpan,
  runs: readonly Bucket[],
  lanes: readonly SubscriptionStats[],
): HealthReply['handlers'] {
  const nameOf = (one: { readonly receiver: string; readonly subscription?: string }): string =>
    JSON.stringify([one.receiver, one.subscription ?? ''])
  const ran = grouped(countBuckets(runs), nameOf)
  const dead = new Map(lanes.map((lane) => [nameOf(lane), lane.counts.dead]))
  const names = [...new Set([...dead.keys(), ...ran.keys()])]
  // Sorts numbers by value: `shop-2` before `shop-10`.
  const { compare } = new Intl.Collator('en', { numeric: true })
  return names.sort(compare).map((name) => {
    const [receiver, subscription] = JSON.parse(name) as [string, string]
    const buckets = ran.get(name) ?? []
    const ended = of(buckets, ['done', 'dead'])
    const timed = of(buckets, ['done', 'dead', 'retry', 'postpone'])
    return {
      receiver,
      subscription,
      runs: sumOf(buckets),
      failed: sumOf(of(buckets, ['retry', 'dead'])),
      dead: dead.get(name) ?? 0,
      p50: quantileOf(timed, 0.5),
      p99: quantileOf(timed, 0.99),
      attempts: ended.length === 0 ? undefined : sumOf(buckets) / sumOf(ended),
      spark: countsPerStep(span, buckets),
    }
  })
}

function of(buckets: readonly Counted[], outcomes: readonly string[]): readonly Counted[] {
  return buckets.filter(({ value }) => outcomes.includes(value))
}

// Maximum number of rejections per burst to search for a stored body, newest first. A receiver stores only some bodies
// per minute. `BURSTS` is the maximum number of bursts to explain.
const LOOKED = 50
const BURSTS = 5
// Time limit of one search, in milliseconds. The limit is short, since no person has asked for the search. Opening the
// delivery runs a longer search.
const MS = 250

/**
 * Explains the newest stored body of each burst, one burst after another. After a newer rejection, the burst is
 * explained again.
 */
async function proofsOf(context: Context, bursts: readonly Burst[]): Promise<readonly Proof[]> {
  const found: Proof[] = []
  for (const [place, burst] of bursts.entries())
    found.push(place < BURSTS && context.visitor.payloads ? await proofOf(context, burst) : {})
  return found
}

async function proofOf(context: Context, { receiver, code, since }: Burst): Promise<Proof> {
  const { inbox, proofs } = context
  const { journal } = inbox
  if (!journal) return {}
  const page = await journal.rejections({
    receiver,
    code,
    outcome: 'rejected',
    since,
    limit: LOOKED,
    budget: 100,
  })
  const newest = page.rows[0]?.id
  if (newest === undefined) return {}
  const known = proofs.get(JSON.stringify([receiver, code]))
  if (known?.newest === newest && known.proof.explain !== undefined) return known.proof
  const ids = page.rows.map(({ id }) => id)
  // Explaining throws if this visitor has used up the time on the event loop. The burst is then shown without a cause.
  const proof = await newestKept(context, journal, ids).catch(() => undefined)
  if (!proof) return {}
  // A search that ran out of time may prove a cause next time, so its result is not stored.
  if (proof.isWhole) keepProof(proofs, [receiver, code], { newest, proof: proof.found })
  return proof.found
}

async function newestKept(
  context: Context,
  journal: Journal,
  ids: readonly string[],
): Promise<{ readonly found: Proof; readonly isWhole: boolean }> {
  for (const id of ids) {
    const arrival = await journal.delivery(id)
    if (!arrival?.kept) continue
    const reply = await explanationOf(context, id, MS)
    const found = reply.cannot === undefined ? { explain: id, ...causeOf(reply) } : {}
    return { found, isWhole: !reply.stats.stopped }
  }
  return { found: {}, isWhole: true }
}

function causeOf({ findings }: ExplainReply): Pick<RejectedGroup, 'proven' | 'likely' | 'remedy'> {
  const proof = findings.find(({ certainty }) => certainty === 'proven')
  if (proof) return { proven: proof.cause, remedy: proof.remedy }
  const guess = findings.find(({ certainty }) => certainty === 'likely')
  return guess ? { likely: guess.cause, remedy: guess.remedy } : {}
}
