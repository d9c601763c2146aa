import type { ChartsReply } from '../../src/api/charts.ts'
import type { HealthReply } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { live } from '../data/live.ts'
import { useRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { AtSenders } from './at-senders.tsx'
import { Charts } from './charts.tsx'
import { Down } from './down.tsx'
import { Empty } from './empty.tsx'
import { Handlers } from './handlers.tsx'
import { Receivers } from './receivers.tsx'
import { Sentence, thingsOf } from './sentence.tsx'
import { Things } from './things.tsx'
import { Usual } from './usual.tsx'

/** Is anything wrong? */
export function Health(): JSX.Element {
  const { range, receiver } = useRoute()
  const { name } = useStatus()
  const { failure } = useStore(live)
  const health = useReply<HealthReply>('health', { range, receiver }, true)
  const charts = useReply<ChartsReply>('charts', { range, receiver }, true)
  const data = health.data
  const things = data === undefined ? 0 : thingsOf(data)
  useEffect(() => {
    document.title = `${failure ? '(!) ' : things > 0 ? `(${things}) ` : ''}Health · ${name}`
  }, [things, failure, name])

  if (health.failure !== undefined) return <p class="empty">{health.failure.message}</p>
  if (data === undefined)
    return (
      <div class="page health">
        {failure ? <Down failure={failure} at={undefined} /> : <h1 class="unseen">Health</h1>}
        {health.isSlow && !failure && <Skeleton lines={8} what="health" />}
      </div>
    )
  const isEmpty =
    data.deliveries === 0 && data.receivers.every((one) => one.lastDelivery === undefined)
  return (
    <div class={`page health${failure ? ' stale' : ''}`}>
      {failure ? (
        <Down failure={failure} at={data.at} />
      ) : isEmpty && data.things.length === 0 ? (
        <Empty />
      ) : (
        <Sentence health={data} />
      )}
      <Things health={data} />
      <Usual usual={data.usual} />
      {charts.data ? (
        <Charts charts={charts.data} at={data.at} />
      ) : (
        <div class="charts">
          {[0, 1, 2].map((at) => (
            <div key={at} class="card chart waits" />
          ))}
        </div>
      )}
      <AtSenders />
      <Receivers health={data} />
      {data.handlers.length > 0 && <Handlers health={data} charts={charts.data} />}
    </div>
  )
}
