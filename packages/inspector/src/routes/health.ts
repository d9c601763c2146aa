import { HOUR, type Bucket, type Cause, type Journal, type LaneStats } from '@postern/core/inbox'
import type { HealthReply, RefusedGroup, Thing } from '../api.ts'
import { burstsOf, isStranger, recentFrom } from '../health/refused.ts'
import { isSilent, rhythmOf } from '../health/silent.ts'
import { handlersOf } from '../health/handlers.ts'
import {
  countBuckets,
  countsPerStep,
  grouped,
  spanOf,
  sumOf,
  type Counted,
  type TimeSpan,
} from '../span.ts'
import { receiversOf, type ReceiverState } from '../health/receivers.ts'
import { withheldHealth, withheldThings } from '../withheld.ts'
import type { Context } from './context.ts'

/** Is anything wrong? Worst first. */
export async function answerHealth(context: Context): Promise<HealthReply> {
  const { inbox, query, now, proofs, weekOf, visitor } = context
  const receiver = query.get('receiver') ?? undefined
  const at = now()
  const span = spanOf(query.get('range'), at)
  const range = {
    from: span.from,
    to: span.to,
    step: span.step,
    ...(receiver !== undefined && { receiver }),
  }
  const history = historyOf(inbox.journal)
  const [stats, causes, outcomes, codes, recent, runs, failures, week] = await Promise.all([
    inbox.view?.stats() ?? [],
    visitor.payloads ? (inbox.view?.causes(receiver === undefined ? {} : { receiver }) ?? []) : [],
    history({ ...range, kind: 'delivery', by: 'outcome' }),
    history({ ...range, kind: 'delivery', by: 'code' }),
    history({ ...range, from: recentFrom(at), step: HOUR, kind: 'delivery', by: 'code' }),
    history({ ...range, kind: 'attempt', by: 'outcome' }),
    history({ ...range, kind: 'attempt', by: 'cause' }),
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
  const groups = refusedGroups(span, codes, proofs)
  const isBurst = ({ receiver: of, code }: RefusedGroup): boolean =>
    bursts.some((burst) => burst.receiver === of && burst.code === code)
  const usual = groups.filter((group) => !isBurst(group))
  const dead = visitor.payloads
    ? causes.flatMap((cause) => deadThing(span, cause, failures))
    : await withheldThings(inbox.view, lanes, countBuckets(runs), span)
  const reply: HealthReply = {
    at,
    range: { from: span.from, to: span.to, step: span.step },
    deliveries: sumOf(countBuckets(outcomes)),
    dead: lanes.reduce((sum, { counts }) => sum + counts.dead, 0),
    oldest: oldestOf(lanes),
    things: [
      ...receivers.flatMap(broken),
      ...dead,
      ...bursts.map((burst) => ({
        kind: 'refused' as const,
        ...burst,
        ...provenOf(proofs, burst),
        spark: countsPerStep(span, seriesOf(codes, burst.receiver, burst.code)),
      })),
      ...receivers.flatMap((one) => silentThing(one, week.verified, at)),
    ],
    usual: { count: usual.reduce((sum, { count }) => sum + count, 0), groups: usual },
    handlers: handlersOf(span, runs, lanes),
    receivers: receivers.map(({ name, ok, inbox: state, lastDelivery }) => ({
      name,
      ok,
      inbox: state,
      lastDelivery,
    })),
  }
  return visitor.payloads ? reply : withheldHealth(reply)
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

function broken({ name, ok, inbox }: ReceiverState): readonly Thing[] {
  return ok ? [] : [{ kind: 'inbox', receiver: name, message: inbox }]
}

function deadThing(span: TimeSpan, cause: Cause, failures: readonly Bucket[]): readonly Thing[] {
  if (cause.dead === 0) return []
  const { receiver, subscription, sample } = cause
  const failed = countBuckets(failures).filter(
    (bucket) =>
      bucket.receiver === receiver &&
      bucket.subscription === subscription &&
      bucket.value === cause.cause,
  )
  return [
    {
      kind: 'dead',
      receiver,
      subscription,
      cause: cause.cause,
      error: { name: sample.name, message: sample.message.slice(0, 2000) },
      count: cause.dead,
      retrying: cause.retrying,
      failures: sumOf(failed),
      since: cause.first,
      spark: countsPerStep(span, failed),
    },
  ]
}

function silentThing(
  { name, lastDelivery, silence }: ReceiverState,
  verified: readonly Bucket[],
  now: number,
): readonly Thing[] {
  if (lastDelivery === undefined) return []
  const rhythm = rhythmOf(verified.filter(({ receiver }) => receiver === name))
  if (!isSilent(now, lastDelivery, silence, rhythm)) return []
  return [
    {
      kind: 'silent',
      receiver: name,
      since: lastDelivery,
      usually: rhythm?.usually,
      ...(silence !== undefined && { limit: silence }),
    },
  ]
}

function refusedGroups(
  span: TimeSpan,
  codes: readonly Bucket[],
  proofs: ReadonlyMap<string, string>,
): readonly RefusedGroup[] {
  const groups = grouped(countBuckets(codes), ({ receiver, value }) =>
    JSON.stringify([receiver, value]),
  )
  return [...groups.values()]
    .map((buckets) => {
      const { receiver, value: code, from } = buckets[0]!
      return {
        receiver,
        code,
        count: sumOf(buckets),
        ...provenOf(proofs, { receiver, code }),
        since: from,
        spark: countsPerStep(span, buckets),
      }
    })
    .sort((one, other) =>
      isStranger(one.code) === isStranger(other.code)
        ? other.count - one.count
        : Number(isStranger(one.code)) - Number(isStranger(other.code)),
    )
}

function provenOf(
  proofs: ReadonlyMap<string, string>,
  { receiver, code }: { readonly receiver: string; readonly code: string },
): { readonly proven?: string } {
  const proven = proofs.get(JSON.stringify([receiver, code]))
  return proven === undefined ? {} : { proven }
}

function seriesOf(buckets: readonly Bucket[], receiver: string, value: string): readonly Counted[] {
  return countBuckets(buckets).filter((one) => one.receiver === receiver && one.value === value)
}
