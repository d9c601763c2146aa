import type { Bucket, LaneStats } from '@postern/core/inbox'
import type { ChartsReply, Values } from '../api/charts.ts'
import {
  countBuckets,
  countsPerStep,
  grouped,
  perStep,
  quantileOf,
  spanOf,
  type Counted,
  type TimeSpan,
} from '../span.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

/** Series for the charts. */
export async function charts({ inbox, query, now }: Context): Promise<ChartsReply> {
  const receiver = query.get('receiver') ?? undefined
  const at = now()
  const span = spanOf(query.get('range'), at)
  const { from, to, step } = span
  const range = { from, to, step, ...(receiver !== undefined && { receiver }) }
  const history = historyOf(inbox.journal)
  const [outcomes, runs, gauges, stats] = await Promise.all([
    history({ ...range, kind: 'delivery', by: 'outcome' }),
    history({ ...range, kind: 'attempt', by: 'outcome' }),
    history({ ...range, kind: 'gauge' }),
    inbox.view?.stats() ?? [],
  ])
  const byOutcome = grouped(countBuckets(outcomes), ({ value }) => value)
  const timed = countBuckets(runs).filter(({ value }) => value !== 'interrupted')
  const bySubscription = grouped(timed, (run) => `${run.receiver} › ${run.subscription}`)
  const lanes = stats.filter((lane) => receiver === undefined || lane.receiver === receiver)
  return {
    from,
    step,
    deliveries: Object.fromEntries(
      [...byOutcome].map(([outcome, buckets]) => [outcome, countsPerStep(span, buckets)]),
    ),
    reply: quantiles(span, countBuckets(outcomes)),
    handlers: Object.fromEntries(
      [...bySubscription].map(([name, buckets]) => [name, quantiles(span, buckets)]),
    ),
    tasks: tasksOf(span, gauges, lanes),
  }
}

function quantiles(
  span: TimeSpan,
  buckets: readonly Counted[],
): { readonly p50: Values; readonly p99: Values } {
  return {
    p50: perStep(span, buckets, (all) => quantileOf(all, 0.5)),
    p99: perStep(span, buckets, (all) => quantileOf(all, 0.99)),
  }
}

type Gauge = Extract<Bucket, { readonly kind: 'gauge' }>

/** Tasks at the end of each step, of all subscriptions; the last step is what the inbox says now. */
function tasksOf(
  span: TimeSpan,
  buckets: readonly Bucket[],
  lanes: readonly LaneStats[],
): ChartsReply['tasks'] {
  const gauges = buckets.filter((bucket): bucket is Gauge => bucket.kind === 'gauge')
  const of = (key: 'pending' | 'running' | 'dead'): Values => {
    const values = [...perStep(span, gauges, (all) => all.reduce((sum, one) => sum + one[key], 0))]
    values[span.steps - 1] = lanes.reduce((sum, { counts }) => sum + counts[key], 0)
    return values
  }
  return { pending: of('pending'), running: of('running'), dead: of('dead') }
}
