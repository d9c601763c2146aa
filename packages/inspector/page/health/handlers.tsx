import type { ChartsReply } from '../../src/api/charts.ts'
import type { HealthReply } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { Button } from '../parts/button.tsx'
import { useState } from 'preact/hooks'
import { Chart } from '../charts/chart.tsx'
import { href, qualifier, useRoute } from '../data/route.ts'
import { Spark } from '../parts/spark.tsx'
import { TableHead } from '../parts/table-head.tsx'
import { count, share } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { middle, safe } from '../words/safe.ts'
import { handlerCharts } from './charts.tsx'

type Handler = HealthReply['handlers'][number]

const MOST = 12
const NUMBERS = ['Runs', 'Failed', 'Dead', 'p50', 'p99', 'Runs a task']

/** Orders handlers by dead tasks, then by failed runs. */
function worst(one: Handler, other: Handler): number {
  return other.dead - one.dead || other.failed - one.failed
}

/** A table of subscriptions. A row opens its chart. */
export function Handlers({
  health,
  charts,
}: {
  health: HealthReply
  charts: ChartsReply | undefined
}): JSX.Element {
  const [open, setOpen] = useState('')
  const { range, receiver } = useRoute()
  // Some inboxes count unhandled events as a subscription, which never runs.
  const handlers = health.handlers.filter(
    ({ runs, subscription }) => runs > 0 || subscription !== 'unhandled',
  )
  const isCut = receiver === '' && handlers.length > MOST
  const shown = isCut ? handlers.toSorted(worst).slice(0, MOST) : handlers
  return (
    <section aria-labelledby="handlers">
      <h2 id="handlers">Handlers</h2>
      <div class="card scrolls">
        <table class="handlers">
          <TableHead columns={['Handler', ...NUMBERS, range]} numbers={[...NUMBERS, range]} />
          <tbody>
            {shown.map((handler) => {
              const name = `${handler.receiver} › ${handler.subscription}`
              return (
                <HandlerRow
                  key={name}
                  handler={handler}
                  charts={charts}
                  name={name}
                  isOpen={open === name}
                  toggle={() => setOpen(open === name ? '' : name)}
                />
              )
            })}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p class="and-more">
          and {count(handlers.length - MOST)} more, with fewer that died or failed: choose a
          receiver at the head of the page
        </p>
      )}
    </section>
  )
}

function HandlerRow({
  handler,
  charts,
  name,
  isOpen,
  toggle,
}: {
  handler: Handler
  charts: ChartsReply | undefined
  name: string
  isOpen: boolean
  toggle: () => void
}): JSX.Element {
  const shown = isOpen && charts ? handlerCharts(charts, name) : []
  const mine = [
    qualifier('receiver', handler.receiver),
    qualifier('subscription', handler.subscription),
  ]
  return (
    <>
      <tr>
        <th scope="row">
          <Button
            class="fold"
            aria-expanded={isOpen}
            title={safe(name.slice(0, 500))}
            onClick={toggle}
          >
            {safe(middle(handler.receiver, 28))} › <b>{safe(middle(handler.subscription, 28))}</b>
          </Button>
        </th>
        <td class="number">{count(handler.runs)}</td>
        <td class="number">
          {handler.failed > 0 ? (
            <span class="warn">
              {count(handler.failed)} · {share(handler.failed, handler.runs)}
            </span>
          ) : (
            '–'
          )}
        </td>
        <td class="number">
          {handler.dead > 0 ? (
            <a class="bad" href={href({ screen: 'list', q: ['state:dead', ...mine].join(' ') })}>
              <span aria-hidden="true">✕ </span>
              {count(handler.dead)}
            </a>
          ) : (
            '–'
          )}
        </td>
        <td class="number">{inTime(handler.p50)}</td>
        <td class="number">{inTime(handler.p99)}</td>
        <td class="number">{handler.attempts?.toFixed(2) ?? '–'}</td>
        <td class="number">
          <Spark values={handler.spark} tone="good" />
        </td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={8}>
            {shown.length === 0 && 'No run in this time.'}
            {shown.map((data) => (
              <Chart key={data.title} data={data} />
            ))}
          </td>
        </tr>
      )}
    </>
  )
}

function inTime(ms: number | undefined): string {
  return ms === undefined ? '–' : duration(ms)
}
