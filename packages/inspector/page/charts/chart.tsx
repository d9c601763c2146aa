import type { JSX } from 'preact'
import { QuietButton } from '../parts/button.tsx'
import { useEffect, useLayoutEffect, useRef, useState, useMemo } from 'preact/hooks'
import { live } from '../data/live.ts'
import { go } from '../data/route.ts'
import { useStore } from '../data/store.ts'
import { TableHead } from '../parts/table-head.tsx'
import { happened } from '../words/did.ts'
import { clockTime, axisTime, roundTimes } from '../words/time.ts'
import { stepsOf, type ChartData } from './series.ts'

/**
 * A chart with its legend. Arrow keys or the pointer choose a step, and the legend shows the values of that step. A
 * button shows the chart as a table.
 */
export function Chart({ data }: { data: ChartData }): JSX.Element {
  const [isTable, setTable] = useState(false)
  const [chosen, setChosen] = useState<number | undefined>()
  const [ref, width] = useWidth()
  const steps = stepsOf(data)
  // While the server does not answer, the first sentence of the page says how old the numbers are. So the chart does
  // not name the last step "now".
  const isDown = useStore(live).failure !== undefined
  const shown = chosen === undefined ? undefined : Math.min(chosen, steps - 1)

  const point = (event: PointerEvent): void => {
    const area = plotArea(width)
    const x = event.clientX - (event.currentTarget as Element).getBoundingClientRect().left
    const at = Math.floor(((x - area.left) / area.width) * steps)
    setChosen(at >= 0 && at < steps ? at : undefined)
  }
  const open = (): void => {
    if (shown === undefined || data.link === undefined) return
    go(data.link(data.from + shown * data.step, data.from + (shown + 1) * data.step))
  }
  const press = (event: KeyboardEvent): void => {
    const last = steps - 1
    const at = shown ?? steps
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key]
    if (event.key === 'Enter') open()
    else if (to === undefined) return
    else setChosen(Math.min(last, Math.max(0, to)))
    event.preventDefault()
  }

  return (
    <section class="card chart" aria-label={data.title}>
      <header>
        <h2>{data.title}</h2>
        <span class="when">
          {shown === undefined && data.whole === steps - 1 && !isDown && 'now'}
          {shown === undefined &&
            data.whole < steps - 1 &&
            `${clockTime(timeOf(data, data.whole))} to ${clockTime(timeOf(data, data.whole + 1))}`}
          {shown !== undefined && clockTime(timeOf(data, shown))}
        </span>
        <QuietButton aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          table
        </QuietButton>
      </header>
      <Legend data={data} at={shown ?? data.whole} />
      <Happened data={data} at={shown} />
      <div class="plot-place" ref={ref}>
        {isTable ? (
          <ChartTable data={data} />
        ) : (
          <div
            role="slider"
            tabIndex={0}
            class={data.link ? 'leads' : undefined}
            aria-label={`${data.title}, by time`}
            aria-valuemin={0}
            aria-valuemax={Math.max(0, steps - 1)}
            aria-valuenow={shown ?? data.whole}
            aria-valuetext={inWords(data, shown ?? data.whole)}
            onKeyDown={press}
            onPointerMove={point}
            onPointerLeave={() => setChosen(undefined)}
            onBlur={() => setChosen(undefined)}
            onClick={open}
          >
            {width > 0 && <Plot data={data} width={width} chosen={shown} />}
          </div>
        )}
      </div>
    </section>
  )
}

function timeOf({ from, step }: ChartData, at: number): number {
  return from + at * step
}

function Legend({ data, at }: { data: ChartData; at: number }): JSX.Element {
  return (
    <p class="legend">
      {data.series.map(({ name, tone, values }) => (
        <span key={name} class="entry">
          <span class={`swatch ${tone}`} aria-hidden="true" />
          {name} <b>{valueText(values[at], data.words)}</b>
        </span>
      ))}
    </p>
  )
}

/** The marks of the chosen step: actions and new versions. Without a chosen step, only the newest mark. */
function Happened({ data, at }: { data: ChartData; at: number | undefined }): JSX.Element | null {
  const { marks } = data
  if (marks.length === 0) return null
  const of = (mark: (typeof marks)[number]): number => Math.floor((mark.at - data.from) / data.step)
  const shown =
    at === undefined
      ? [...marks].sort((one, other) => other.at - one.at).slice(0, 1)
      : marks.filter((mark) => of(mark) === at)
  return (
    <p class="legend happened">
      {shown.map((mark) => (
        <span key={mark.at} class="entry">
          ◆ {clockTime(mark.at)} {happened(mark)}
        </span>
      ))}
    </p>
  )
}

function valueText(
  value: number | null | undefined,
  words: ChartData['words'],
  unknown = '–',
): string {
  return value === null || value === undefined ? unknown : words(value)
}

function inWords(data: ChartData, at: number): string {
  if (at < 0) return 'nothing'
  const values = data.series.map(
    ({ name, values: all }) => `${name} ${valueText(all[at], data.words, 'unknown')}`,
  )
  return `${clockTime(data.from + at * data.step)}: ${values.join(', ')}`
}

function useWidth(): readonly [preact.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => setWidth(ref.current!.clientWidth), [])
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(ref.current?.clientWidth ?? 0))
    watch.observe(ref.current!)
    return () => watch.disconnect()
  }, [])
  return [ref, width]
}

function ChartTable({ data }: { data: ChartData }): JSX.Element {
  const { series, words, caption } = data.table ?? { ...data, caption: data.title }
  const steps = stepsOf({ series })
  const names = series.map(({ name }) => name)
  return (
    // A region that scrolls must be reachable by keyboard.
    <div class="chart-table" role="region" aria-label={`${data.title}, as a table`} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <TableHead columns={['from', ...names]} numbers={names} />
        <tbody>
          {Array.from({ length: steps }, (_, at) => steps - 1 - at).map((at) => (
            <tr key={at}>
              <th scope="row">{clockTime(data.from + at * data.step)}</th>
              {series.map(({ name, values }) => (
                <td key={name} class="number">
                  {valueText(values[at], words)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const HEIGHT = 132
const LEFT = 52
const TOP = 8
const BOTTOM = 20

function plotArea(width: number): { left: number; width: number } {
  return { left: LEFT, width: Math.max(20, width - LEFT - 8) }
}

/** The drawing of a chart. Screen readers read the legend and the table instead. */
function Plot({
  data,
  width,
  chosen,
}: {
  data: ChartData
  width: number
  chosen: number | undefined
}): JSX.Element {
  const area = plotArea(width)
  const steps = Math.max(1, stepsOf(data))
  const scale = useMemo(() => scaleOf(data), [data])
  const x = (at: number): number => area.left + (at / steps) * area.width
  const y = (value: number): number => TOP + (1 - scale.at(value)) * HEIGHT
  const paths = useMemo(
    () => (data.shape === 'bars' ? bars(data, x, y) : lines(data, x, y)),
    [data, width, scale],
  )
  return (
    <svg class="plot" width={width} height={HEIGHT + TOP + BOTTOM} aria-hidden="true">
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={area.left} x2={area.left + area.width} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={area.left - 8} y={y(tick) + 4} text-anchor="end">
            {data.words(tick)}
          </text>
        </g>
      ))}
      <g class={data.shape}>
        {paths.map(({ tone, d }) => (
          <path key={tone} class={tone} d={d} />
        ))}
      </g>
      {data.marks.map((mark) => {
        const place = round(x((mark.at - data.from) / data.step))
        return (
          <line key={mark.at} class="event" x1={place} x2={place} y1={TOP} y2={HEIGHT + TOP}>
            <title>{happened(mark)}</title>
          </line>
        )
      })}
      <Times data={data} steps={steps} x={x} width={area.width} />
      {chosen !== undefined && (
        <rect
          class="chosen"
          x={x(chosen)}
          y={TOP}
          width={Math.max(1, area.width / steps)}
          height={HEIGHT}
        />
      )}
    </svg>
  )
}

function Times({
  data: { from, step },
  steps,
  x,
  width,
}: {
  data: ChartData
  steps: number
  x: (at: number) => number
  width: number
}): JSX.Element {
  const until = from + steps * step
  return (
    <>
      {roundTimes(from, until, Math.max(2, Math.floor(width / 56))).map((time) => (
        <text
          key={time}
          class="tick"
          x={x((time - from) / step)}
          y={HEIGHT + TOP + 16}
          text-anchor="middle"
        >
          {axisTime(time, until - from)}
        </text>
      ))}
    </>
  )
}

function scaleOf(data: ChartData): Scale {
  const known = data.series.flatMap(({ values }) => values.filter((value) => value !== null))
  if (data.scale === 'decades')
    return known.length === 0 ? decades(1, 100) : decades(Math.min(...known), Math.max(...known))
  if (data.shape === 'lines') return fromZero(Math.max(0, ...known))
  const sums = Array.from({ length: stepsOf(data) }, (_, at) =>
    data.series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
  )
  return linearScale(Math.max(0, ...sums))
}

type Place = (value: number) => number
type Drawn = readonly { readonly tone: string; readonly d: string }[]

function bars(data: ChartData, x: Place, y: Place): Drawn {
  const floor = new Float64Array(stepsOf(data))
  const gap = x(1) - x(0) > 4 ? 1 : 0
  return data.series.map(({ tone, values }) => {
    let d = ''
    for (const [at, value] of values.entries()) {
      if (!value) continue
      const low = y(floor[at]!)
      floor[at]! += value
      d += `M${round(x(at))} ${round(low)}V${round(y(floor[at]!))}H${round(x(at + 1) - gap)}V${round(low)}z`
    }
    return { tone, d }
  })
}

function lines(data: ChartData, x: Place, y: Place): Drawn {
  return data.series.map(({ tone, values }) => {
    let d = ''
    for (const [at, value] of values.entries()) {
      if (value === null) continue
      // A line covers its first and last known steps completely, so that a single step is visible.
      const isFirst = (values[at - 1] ?? null) === null
      const isLast = (values[at + 1] ?? null) === null
      const height = round(y(value))
      d += `${isFirst ? `M${round(x(at))} ${height}H` : 'L'}${round(x(at + 0.5))}${isFirst ? '' : ` ${height}`}`
      if (isLast) d += `H${round(x(at + 1))}`
    }
    return { tone, d }
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Converts values to heights. `ticks` are the values to label on the axis. */
interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
}

/** Makes a scale from 0 to a round number, which is at least the highest value. */
function linearScale(highest: number): Scale {
  const top = highest > 0 ? roundUp(highest) : 1
  return { at: (value) => value / top, ticks: [0, top / 2, top] }
}

/** Makes a logarithmic scale in powers of ten, for times that differ widely. */
function decades(lowest: number, highest: number): Scale {
  const from = Math.floor(Math.log10(Math.max(lowest, 0.1)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(highest, 0.1))))
  const every = Math.ceil((to - from) / 4)
  const ticks: number[] = []
  for (let power = from; power <= to; power += every) ticks.push(10 ** power)
  const at = (value: number): number =>
    Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-3)) - from) / (to - from)))
  return { at, ticks }
}

/** Makes a logarithmic scale from 0, so that 3 waiting tasks are visible next to 1,000 dead ones. */
function fromZero(highest: number): Scale {
  if (highest <= 20) return linearScale(Math.max(highest, 2))
  const to = Math.ceil(Math.log10(highest + 1))
  const top = Math.log10(10 ** to + 1)
  const every = Math.ceil(to / 3)
  const ticks = [0]
  for (let power = to; power > 0; power -= every) ticks.splice(1, 0, 10 ** power)
  return { at: (value) => Math.log10(value + 1) / top, ticks }
}

/** Rounds a number up to the next of 1, 2, 5, 10, 20, 50, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999)!
}
