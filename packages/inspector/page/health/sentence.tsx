import type { HealthReply, ChartRange } from '../../src/api.ts'
import type { JSX } from 'preact'
import { href, useRoute } from '../data/route.ts'
import { count, counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'

const PAST: Readonly<Record<ChartRange, string>> = {
  '15m': 'the last 15 minutes',
  '1h': 'the last hour',
  '6h': 'the last 6 hours',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
}

/** The first line answers: is anything wrong? */
export function Sentence({ health }: { health: HealthReply }): JSX.Element {
  const { range } = useRoute()
  const { things, deliveries, dead, oldest } = health
  const number = things.length
  return (
    <h1 class="sentence">
      <strong>
        {number === 0
          ? 'All is well.'
          : `${counted(number, 'thing')} ${number === 1 ? 'needs' : 'need'} a look.`}
      </strong>{' '}
      <a href={href({ screen: 'list', q: `since:${range}` })}>
        {count(deliveries)} {deliveries === 1 ? 'delivery' : 'deliveries'}
      </a>{' '}
      in {PAST[range]}
      {number === 0 && dead === 0 ? ', none dead' : ''}.{' '}
      {oldest === undefined
        ? 'No task is late.'
        : `The oldest due task waits ${duration(health.at - oldest)}.`}
    </h1>
  )
}
