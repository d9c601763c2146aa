import type { LaneStats } from '@postern/core/inbox'
import type { HealthReply } from '../api/health.ts'
import { quantileOf, sumOf, type Counted } from '../span.ts'
import type { Inspected } from '../options.ts'
import type { ReceiverState } from './receivers.ts'
import { rhythmOf } from './silent.ts'
import type { Week } from './week.ts'

const MOST_TOPICS = 10

/** A row for each receiver: when something came last, how much, and what of it was refused or nobody's. */
export function receiverRows(
  states: readonly ReceiverState[],
  outcomes: readonly Counted[],
  lanes: readonly LaneStats[],
  week: Week,
  receivers: readonly Pick<Inspected, 'name' | 'answers'>[],
): HealthReply['receivers'] {
  return states.map(({ name, ok, inbox, lastDelivery }) => {
    const own = outcomes.filter(({ receiver }) => receiver === name)
    const refused = own.filter(({ value }) => value === 'refused')
    const genuine = own.filter(({ value }) => value !== 'refused')
    const here = receivers.find((one) => one.name === name)
    return {
      name,
      ok,
      inbox,
      lastDelivery,
      usually: rhythmOf(week.verified.filter(({ receiver }) => receiver === name))?.usually,
      deliveries: sumOf(own),
      refused: sumOf(refused),
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
