import type { HealthReply, Thing } from '../../src/api/health.ts'
import type { ChartRange } from '../../src/api/charts.ts'
import type { JSX } from 'preact'
import { href, useRoute } from '../data/route.ts'
import { count, counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { safe } from '../words/safe.ts'

const PAST: Readonly<Record<ChartRange, string>> = {
  '15m': 'the last 15 minutes',
  '1h': 'the last hour',
  '6h': 'the last 6 hours',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
}

/** Things that somebody has to look at: those that stand in no row too, those that were muted not. */
export function thingsOf({ things, more }: HealthReply): number {
  const isMuted = (thing: Thing): boolean => thing.kind === 'dead' && thing.muted !== undefined
  return things.filter((thing) => !isMuted(thing)).length + more.causes
}

/** The first line answers: is anything wrong? */
export function Sentence({ health }: { health: HealthReply }): JSX.Element {
  const { range, receiver } = useRoute()
  const { deliveries, dead, oldest, receivers, at } = health
  const number = thingsOf(health)
  const one = receiver === '' ? undefined : receivers.find(({ name }) => name === receiver)
  return (
    <h1 class="sentence">
      <strong>
        {number === 0
          ? 'All is well.'
          : `${counted(number, 'thing')} ${number === 1 ? 'needs' : 'need'} a look.`}
      </strong>{' '}
      {dead > 0 && (
        <>
          <a href={href({ screen: 'list', q: 'state:dead' })}>
            {count(dead)} {dead === 1 ? 'task is' : 'tasks are'} dead
          </a>
          .{' '}
        </>
      )}
      <a href={href({ screen: 'list', q: `since:${range}` })}>
        {count(deliveries)} {deliveries === 1 ? 'delivery' : 'deliveries'}
      </a>{' '}
      in {PAST[range]}
      {number === 0 && dead === 0 ? ', none dead' : ''}.{' '}
      {one?.lastDelivery !== undefined && (
        <>
          {safe(one.name)} sent the last one {duration(at - one.lastDelivery)} ago
          {one.usually !== undefined && `, usually every ${duration(one.usually)}`}.{' '}
        </>
      )}
      {oldest === undefined
        ? 'No task is late.'
        : `The oldest due task waits ${duration(at - oldest)}.`}
    </h1>
  )
}
