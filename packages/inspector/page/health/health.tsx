import type { ChartsReply, ChartRange } from '../../src/api/charts.ts'
import type { HealthReply, RegisteredReply, Thing } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { Button, QuietButton } from '../parts/button.tsx'
import { useEffect, useState } from 'preact/hooks'
import { live, type LiveFailure } from '../data/live.ts'
import { useRoute, href, qualifier } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { Charts } from './charts.tsx'
import { Handlers } from './handlers.tsx'
import { Things } from './things.tsx'
import { copyText } from '../data/copy.ts'
import { Samples } from '../parts/samples.tsx'
import { Spark } from '../parts/spark.tsx'
import { TableHead } from '../parts/table-head.tsx'
import { count, counted, share } from '../words/count.ts'
import { safe, middle } from '../words/safe.ts'
import { rejectedLink } from './rejected-link.ts'
import { clock, iso } from '../words/time.ts'
import { duration, howLongAgo } from '../words/duration.ts'

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

/** Shown before the first delivery: how to send one. */
function Empty(): JSX.Element {
  const { receivers } = useStatus()
  const provider = receivers[0]?.provider ?? 'github'
  const topic = receivers[0]?.topics.find((name) => !name.includes('*'))
  const command = `npx postern send ${provider}${topic === undefined ? '' : ` ${topic}`} --to ${location.origin}/webhooks/${provider}`
  return (
    <>
      <h1 class="sentence">
        <strong>No deliveries yet.</strong> Send one, with the path of your route:
      </h1>
      <div class="card command">
        <code>{command}</code>
        <Button onClick={() => void copyText(command, 'command')}>Copy</Button>
      </div>
      <Samples />
    </>
  )
}

/** Rejections that are not part of a burst, on one line that the reader can open. */
function Usual({ usual }: { usual: HealthReply['usual'] }): JSX.Element | null {
  const { range } = useRoute()
  if (usual.count === 0) return null
  return (
    <details class="usual">
      <summary>
        {count(usual.count)} rejected in {counted(usual.groups.length, 'group')}, no more than usual
      </summary>
      <ul class="card">
        {usual.groups.map((group) => (
          <li key={`${group.receiver} ${group.code} ${group.proven ?? ''}`}>
            <a href={rejectedLink(group, range)}>
              {count(group.count)} {safe(group.code)}
            </a>
            <span class="who">{safe(group.receiver)}</span>
            <Spark values={group.spark} tone="warn" />
          </li>
        ))}
      </ul>
    </details>
  )
}

const ENGINES: Readonly<Record<string, string>> = {
  bullmqInbox: 'Redis',
  postgresInbox: 'PostgreSQL',
  sqliteInbox: 'SQLite',
}

/**
 * Replaces the first sentence during a failure: says what does not answer, since when, and how old the rest of the page
 * is.
 */
function Down({ failure, at }: { failure: LiveFailure; at: number | undefined }): JSX.Element {
  const { inbox } = useStatus()
  const who = failure.status >= 500 ? (ENGINES[inbox] ?? 'The inbox') : 'The app'
  const isLimit = failure.status === 429
  return (
    <h1 class="sentence">
      <strong>
        {isLimit ? failure.message : `${who} has not answered since ${clock(failure.since)}.`}
      </strong>{' '}
      {at === undefined ? (
        'No data yet.'
      ) : (
        <span class="as-of">
          Everything else is as of <time dateTime={iso(at)}>{clock(at)}</time>.
        </span>
      )}
    </h1>
  )
}

/** The endpoints at the senders, and how they differ from the code. */
function AtSenders(): JSX.Element | null {
  const { receiver } = useRoute()
  const { hasRegistered } = useStatus()
  const reply = useReply<RegisteredReply>(hasRegistered ? 'registered' : '', { receiver }, true)
  const rows = reply.data?.receivers ?? []
  if (rows.length === 0) return null
  return (
    <section aria-labelledby="at-senders">
      <h2 id="at-senders">At the senders</h2>
      <ul class="card at-senders">
        {rows.map((row) => (
          <li key={row.receiver}>
            <span class="who">{safe(row.receiver)}</span> <State row={row} />
            {row.differs.length > 0 && (
              <ul>
                {row.differs.map((one) => (
                  <li key={one}>{safe(one)}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function State({ row }: { row: RegisteredReply['receivers'][number] }): JSX.Element {
  if (row.problem !== undefined)
    return <span class="warn">✕ the sender could not be asked: {safe(row.problem)}</span>
  if (row.differs.length > 0)
    return <span class="warn">⊘ differs from the code at {safe(row.url ?? '')}</span>
  return (
    <span>
      <span class="good">●</span> as in the code, at {safe(row.url ?? '')}
    </span>
  )
}

const PAST: Readonly<Record<ChartRange, string>> = {
  '15m': 'the last 15 minutes',
  '1h': 'the last hour',
  '6h': 'the last 6 hours',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
}

/**
 * Counts the issues that need attention, including issues that the page does not list. Muted issues are not counted.
 */
function thingsOf({ things, more }: HealthReply): number {
  const isMuted = (thing: Thing): boolean => thing.kind === 'dead' && thing.muted !== undefined
  return things.filter((thing) => !isMuted(thing)).length + more.causes
}

/** The first sentence of the page, which says whether anything is wrong. */
function Sentence({ health }: { health: HealthReply }): JSX.Element {
  const { range, receiver } = useRoute()
  const { deliveries, dead, oldest, receivers, at } = health
  const number = thingsOf(health)
  const one = receiver === '' ? undefined : receivers.find(({ name }) => name === receiver)
  return (
    <h1 class="sentence">
      <strong>
        {number === 0
          ? 'All is well.'
          : `${counted(number, 'issue')} ${number === 1 ? 'needs' : 'need'} attention.`}
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
          {safe(one.name)} sent the last one {howLongAgo(at - one.lastDelivery)}
          {one.usually !== undefined && `, usually every ${duration(one.usually)}`}.{' '}
        </>
      )}
      {oldest === undefined
        ? 'No task is late.'
        : `The oldest due task waits ${duration(at - oldest)}.`}
    </h1>
  )
}

type ReceiverRow = HealthReply['receivers'][number]

const MOST = 12
const NUMBERS = ['Deliveries', 'Rejected', 'Waiting', 'p99']

function Receivers({ health }: { health: HealthReply }): JSX.Element | null {
  const { receiver } = useRoute()
  const { receivers, at } = health
  const [isWhole, setWhole] = useState(false)
  if (receivers.length === 0) return null
  const isCut = receiver === '' && !isWhole && receivers.length > MOST
  const shown = isCut ? receivers.slice(0, MOST) : receivers
  return (
    <section aria-labelledby="receivers">
      <h2 id="receivers">Receivers</h2>
      <div class="card scrolls">
        <table class="handlers receivers">
          <TableHead
            columns={['Receiver', 'Last delivery', ...NUMBERS, 'Nobody handles']}
            numbers={NUMBERS}
          />
          <tbody>
            {shown.map((row) => (
              <Line key={row.name} row={row} at={at} />
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p class="and-more">
          <QuietButton onClick={() => setWhole(true)}>
            Show all {count(receivers.length)}
          </QuietButton>
        </p>
      )}
    </section>
  )
}

function Line({ row, at }: { row: ReceiverRow; at: number }): JSX.Element {
  const { name, lastDelivery, usually, deliveries, rejected, waiting, p99, unhandled } = row
  const mine = qualifier('receiver', name)
  const list = (q: string): string => href({ screen: 'list', receiver: '', q: `${mine} ${q}` })
  return (
    <tr>
      <th scope="row">
        <a href={href({ receiver: name })} title={safe(name.slice(0, 400))}>
          {safe(middle(name, 28))}
        </a>
      </th>
      <td>
        {lastDelivery === undefined ? (
          <span class="muted">never</span>
        ) : (
          <>
            {howLongAgo(at - lastDelivery)}
            {usually !== undefined && (
              <span class="muted"> · usually every {duration(usually)}</span>
            )}
          </>
        )}
      </td>
      <td class="number">{count(deliveries)}</td>
      <td class="number">
        {rejected === 0 ? (
          '–'
        ) : (
          <a class="warn" href={list('outcome:rejected')}>
            {count(rejected)} · {share(rejected, deliveries)}
          </a>
        )}
      </td>
      <td class="number">
        {waiting === 0 ? '–' : <a href={list('state:pending')}>{count(waiting)}</a>}
      </td>
      <td class="number">{p99 === undefined ? '–' : duration(p99)}</td>
      <td class="unhandled-topics">
        {unhandled.length === 0 ? (
          '–'
        ) : (
          <a href={list('outcome:unhandled')} title={safe(unhandled.join(', ').slice(0, 1000))}>
            {safe(unhandled.slice(0, 3).join(', ').slice(0, 80))}
            {unhandled.length > 3 && ` and ${unhandled.length - 3} more`}
          </a>
        )}
      </td>
    </tr>
  )
}
