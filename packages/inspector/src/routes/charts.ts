import { grouped, HOUR } from '@postern/core/engine'
import type { Bucket, SubscriptionStats, Deploy, Inbox } from '@postern/core/inbox'
import type { ChartsReply, Values, DeployMark } from '../api/charts.ts'
import {
  countBuckets,
  countsPerStep,
  perStep,
  quantileOf,
  spanOf,
  sumOf,
  type Counted,
  type TimeSpan,
} from '../span.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

export async function charts({ inbox, query, now, weekOf }: Context): Promise<ChartsReply> {
  const receiver = query.get('receiver') ?? undefined
  const at = now()
  const span = spanOf(query.get('range'), at)
  const { from, to, step } = span
  const range = { from, to, step, ...(receiver !== undefined && { receiver }) }
  const history = historyOf(inbox.journal)
  const [outcomes, runs, folds, gauges, stats, week] = await Promise.all([
    history({ ...range, kind: 'delivery', by: 'outcome' }),
    history({ ...range, kind: 'attempt', by: 'outcome' }),
    history({ ...range, kind: 'folded', by: 'outcome' }),
    history({ ...range, kind: 'gauge' }),
    inbox.view?.stats() ?? [],
    weekOf(inbox),
  ])
  const byOutcome = grouped(countBuckets(outcomes), ({ value }) => value)
  const timed = countBuckets(runs).filter(({ value }) => value !== 'interrupted')
  const bySubscription = grouped(timed, nameOf)
  const foldsOf = grouped(countBuckets(folds), nameOf)
  const lanes = stats.filter((lane) => receiver === undefined || lane.receiver === receiver)
  return {
    from,
    step,
    whole: Math.max(0, Math.floor((at - from) / step) - 1),
    deliveries: Object.fromEntries(
      [...byOutcome].map(([outcome, buckets]) => [outcome, countsPerStep(span, buckets)]),
    ),
    // Rejections are excluded, since their replies are much faster than those to other deliveries.
    reply: quantiles(
      span,
      countBuckets(outcomes).filter(({ value }) => value !== 'rejected'),
    ),
    handlers: Object.fromEntries(
      [...bySubscription].map(([name, buckets]) => [
        name,
        { ...quantiles(span, buckets), skipped: skipped(span, foldsOf.get(name)) },
      ]),
    ),
    tasks: tasksOf(span, gauges, lanes),
    marks: await chartMarks(inbox, week.deploys, span, receiver),
  }
}

function nameOf({ receiver, subscription }: Counted): string {
  return `${receiver} › ${subscription}`
}

/** Counts the tasks that `debounce` ended without a run. */
function skipped(
  span: TimeSpan,
  buckets: readonly Counted[] | undefined,
): ChartsReply['handlers'][string]['skipped'] {
  if (buckets === undefined) return undefined
  const of = (name: string): readonly number[] =>
    countsPerStep(
      span,
      buckets.filter(({ value }) => value === name),
    )
  return { folded: of('folded'), stale: of('stale') }
}

function quantiles(
  span: TimeSpan,
  buckets: readonly Counted[],
): { readonly p50: Values; readonly p99: Values } {
  return {
    p50: perStep(span, buckets, (all) => known(all, 0.5)),
    p99: perStep(span, buckets, (all) => known(all, 0.99)),
  }
}

// Minimum count for a quantile. With fewer, the quantile is just the time of one request or run.
const LEAST = 5

function known(buckets: readonly Counted[], share: number): number | undefined {
  return sumOf(buckets) < LEAST ? undefined : quantileOf(buckets, share)
}

type Gauge = Extract<Bucket, { readonly kind: 'gauge' }>

/**
 * Counts the tasks of all subscriptions at the end of each step. The last step has the current numbers from the inbox.
 */
function tasksOf(
  span: TimeSpan,
  buckets: readonly Bucket[],
  lanes: readonly SubscriptionStats[],
): ChartsReply['tasks'] {
  const gauges = buckets.filter((bucket): bucket is Gauge => bucket.kind === 'gauge')
  const of = (key: 'pending' | 'running' | 'dead'): Values => {
    const values = [...perStep(span, gauges, (all) => all.reduce((sum, one) => sum + one[key], 0))]
    values[span.steps - 1] = lanes.reduce((sum, { counts }) => sum + counts[key], 0)
    return values
  }
  return { pending: of('pending'), running: of('running'), dead: of('dead') }
}

const MOST = 50

async function chartMarks(
  { journal }: Inbox,
  deploys: readonly Deploy[],
  { from, to }: TimeSpan,
  receiver: string | undefined,
): Promise<ChartsReply['marks']> {
  const actions = (await journal?.actions({ limit: MOST }))?.rows ?? []
  const acted = actions
    .filter(({ filter }) => receiver === undefined || (filter.receiver ?? receiver) === receiver)
    .map(({ at, what, by, count }) => ({ at, what, by, count }))
  const seen = deploys.filter((one) => receiver === undefined || one.receiver === receiver)
  return [...acted, ...deployMarks(seen).slice(-MOST)].filter(({ at }) => at >= from && at < to)
}

/**
 * Makes one mark per new version. All receivers of an app start with a new version within an hour, so only the first is
 * marked.
 */
function deployMarks(deploys: readonly Deploy[]): readonly DeployMark[] {
  const marks: DeployMark[] = []
  for (const { version, at } of deploys.toSorted((one, other) => one.at - other.at)) {
    const known = marks.some((mark) => mark.version === version && at - mark.at < HOUR)
    if (!known) marks.push({ what: 'deploy', version, at })
  }
  return marks
}
