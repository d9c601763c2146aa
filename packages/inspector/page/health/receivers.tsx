import type { HealthReply } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { href, qualifier, useRoute } from '../data/route.ts'
import { count, share } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { middle, safe } from '../words/safe.ts'

type ReceiverRow = HealthReply['receivers'][number]

const MOST = 12
const HEADS = ['Deliveries', 'Refused', 'Waiting', 'p99'] as const

/** Each receiver: when something came last, how much, and what of it nobody takes. */
export function Receivers({ health }: { health: HealthReply }): JSX.Element | null {
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
          <thead>
            <tr>
              <th scope="col">Receiver</th>
              <th scope="col">Last delivery</th>
              {HEADS.map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
              <th scope="col">Nobody handles</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Line key={row.name} row={row} at={at} />
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p class="and-more">
          <button type="button" class="quiet" onClick={() => setWhole(true)}>
            Show all {count(receivers.length)}
          </button>
        </p>
      )}
    </section>
  )
}

function Line({ row, at }: { row: ReceiverRow; at: number }): JSX.Element {
  const { name, lastDelivery, usually, deliveries, refused, waiting, p99, unhandled } = row
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
            {duration(at - lastDelivery)} ago
            {usually !== undefined && (
              <span class="muted"> · usually every {duration(usually)}</span>
            )}
          </>
        )}
      </td>
      <td class="number">{count(deliveries)}</td>
      <td class="number">
        {refused === 0 ? (
          '–'
        ) : (
          <a class="warn" href={list('outcome:refused')}>
            {count(refused)} · {share(refused, deliveries)}
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
