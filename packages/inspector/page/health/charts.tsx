import type { ChartsReply } from '../../src/api/charts.ts'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { Chart } from '../charts/chart.tsx'
import type { ChartData, ChartSeries } from '../charts/series.ts'
import { href } from '../data/route.ts'
import { count, rate } from '../words/count.ts'
import { duration, MINUTE } from '../words/duration.ts'
import { iso } from '../words/time.ts'

const OUTCOMES = ['accepted', 'duplicate', 'handshake', 'unhandled', 'rejected'] as const

export function Charts({ charts, at }: { charts: ChartsReply; at: number }): JSX.Element {
  const shown = useMemo(
    () => [deliveries(charts, at), replyTime(charts), tasks(charts)],
    [charts, at],
  )
  return (
    <div class="charts">
      {shown.map((data, place) => (
        <Chart key={place} data={data} />
      ))}
    </div>
  )
}

function deliveries(charts: ChartsReply, at: number): ChartData {
  const { from, step } = charts
  const counts: ChartSeries[] = OUTCOMES.filter(
    (outcome) => outcome === 'accepted' || charts.deliveries[outcome]?.some((value) => value > 0),
  ).map((name) => ({
    name,
    tone: name,
    values: charts.deliveries[name] ?? charts.reply.p50.map(() => 0),
  }))
  // The last step is not over, so its rate uses only the time that has passed, but at least a third of a step.
  const minutes = (index: number): number =>
    Math.max(step / 3, Math.min(step, at - from - index * step)) / MINUTE
  const most = Math.max(...counts.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const isRare = most / (step / MINUTE) < 1
  const series = counts.map((one) => ({
    ...one,
    values: one.values.map((value, index) => ((value ?? 0) / minutes(index)) * (isRare ? 60 : 1)),
  }))
  return {
    ...charts,
    title: isRare ? 'Deliveries per hour' : 'Deliveries a minute',
    series,
    shape: 'bars',
    scale: 'linear',
    words: rate,
    table: { caption: `Deliveries, each ${duration(step)}`, series: counts, words: count },
    link: (since, until) => href({ screen: 'list', q: `since:${iso(since)} until:${iso(until)}` }),
  }
}

function replyTime({ reply, ...charts }: ChartsReply): ChartData {
  return {
    ...charts,
    title: 'Reply time',
    series: [
      { name: 'p50', tone: 'p50', values: reply.p50 },
      { name: 'p99', tone: 'p99', values: reply.p99 },
    ],
    shape: 'lines',
    scale: 'decades',
    words: duration,
  }
}

function tasks({ tasks: known, ...charts }: ChartsReply): ChartData {
  return {
    ...charts,
    title: 'Tasks',
    series: [
      { name: 'waiting', tone: 'pending', values: known.pending },
      { name: 'running', tone: 'running', values: known.running },
      { name: 'dead', tone: 'dead', values: known.dead },
    ],
    shape: 'lines',
    scale: 'zero',
    words: count,
    // The last value is the inbox's current number of tasks, so the last step counts as complete.
    whole: Math.max(0, known.pending.length - 1),
  }
}

/** Returns the charts of a handler: its run times, and with `debounce` the tasks that ended without a run. */
export function handlerCharts(charts: ChartsReply, name: string): readonly ChartData[] {
  const known = charts.handlers[name]
  if (known === undefined) return []
  const time = { ...replyTime({ ...charts, reply: known }), title: `Duration of ${name}` }
  if (known.skipped === undefined) return [time]
  const series = (['folded', 'stale'] as const).map((one) => ({
    name: one,
    tone: one,
    values: known.skipped![one],
  }))
  const title = `Without a run, by debounce: ${name}`
  return [time, { ...time, title, series, shape: 'bars', scale: 'linear', words: count }]
}
