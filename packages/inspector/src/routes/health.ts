import { grouped, MINUTE, type Bucket, type Journal, type LaneStats } from '@postern/core/inbox'
import type { HealthReply, RefusedGroup, Thing } from '../api/health.ts'
import { SHOWN, deadThings, moreOf } from '../health/dead.ts'
import { withMarks } from '../health/muted.ts'
import { proofsOf } from '../health/proof.ts'
import type { Proofs } from '../health/proofs.ts'
import { burstsOf, isStranger, recentFrom, type Burst } from '../health/refused.ts'
import { receiverRows } from '../health/rows.ts'
import { broken, silentThing } from '../health/quiet.ts'
import { handlersOf } from '../health/handlers.ts'
import { countBuckets, countsPerStep, spanOf, sumOf, type Counted, type TimeSpan } from '../span.ts'
import { receiversOf } from '../health/receivers.ts'
import { moreLanesOf, withheldThings } from '../withheld.ts'
import type { Context } from './context.ts'

/** Is anything wrong? Worst first. */
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
  const groups = refusedGroups(span, codes, visitor.payloads ? context.proofs : new Map())
  const isBurst = ({ receiver: of, code }: RefusedGroup): boolean =>
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
  return {
    at,
    range: { from: span.from, to: span.to, step: span.step },
    deliveries: sumOf(countBuckets(outcomes)),
    dead: lanes.reduce((sum, { counts }) => sum + counts.dead, 0),
    oldest: oldestOf(lanes),
    things: [
      ...receivers.flatMap(broken),
      ...dead.filter(({ isOver }) => !isOver),
      ...(await refusedThings(context, bursts, span, codes)),
      ...receivers.flatMap((one) => silentThing(one, week.verified, at)),
      ...dead.filter(({ isOver }) => isOver),
    ],
    more: visitor.payloads ? moreOf(dead, causes, lanes) : moreLanesOf(dead, lanes),
    usual: { count: usual.reduce((sum, { count }) => sum + count, 0), groups: usual },
    handlers: handlersOf(span, runs, lanes),
    receivers: receiverRows(receivers, countBuckets(outcomes), lanes, week, here),
  }
}

/** Reads history; nothing where no journal is kept. */
export function historyOf(
  journal: Journal | undefined,
): (range: Parameters<Journal['history']>[0]) => Promise<readonly Bucket[]> {
  return async (range) => (await journal?.history(range)) ?? []
}

function oldestOf(lanes: readonly LaneStats[]): number | undefined {
  const due = lanes.flatMap(({ oldest }) => oldest ?? [])
  return due.length === 0 ? undefined : Math.min(...due)
}

function refusedGroups(
  span: TimeSpan,
  codes: readonly Bucket[],
  proofs: Proofs,
): readonly RefusedGroup[] {
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

/** Bursts of refusals: when the first one came, of how many deliveries, and what is proven of them. */
async function refusedThings(
  context: Context,
  bursts: readonly Burst[],
  span: TimeSpan,
  codes: readonly Bucket[],
): Promise<readonly Thing[]> {
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
        ({ receiver, from }) => receiver === burst.receiver && from >= burst.since,
      )
      return {
        kind: 'refused' as const,
        ...burst,
        since: await firstOf(inbox.journal, burst),
        of: Math.max(burst.count, sumOf(own)),
        ...proofs[place],
        spark: countsPerStep(span, seriesOf(codes, burst.receiver, burst.code)),
      }
    }),
  )
}

/** When the first refusal came, by its own row; by its minute if the journal has forgotten it. */
async function firstOf(
  journal: Journal | undefined,
  { receiver, code, since }: Burst,
): Promise<number> {
  const minute = { since, until: since + MINUTE, outcome: 'refused' as const }
  const page = await journal?.refusals({ receiver, code, ...minute, limit: 1000, budget: 50 })
  return page?.rows.at(-1)?.at ?? since
}

function seriesOf(buckets: readonly Bucket[], receiver: string, value: string): readonly Counted[] {
  return countBuckets(buckets).filter((one) => one.receiver === receiver && one.value === value)
}
