import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { axisTime, roundTimes } from '../words/time.ts'
import { happened } from '../words/did.ts'
import { decades, fromZero, linearScale, type Scale } from './scale.ts'
import { stepsOf, type ChartData } from './series.ts'

const HEIGHT = 132
const LEFT = 52
const TOP = 8
const BOTTOM = 20

/** Where the plot area lies in a drawing of this width. */
export function plotArea(width: number): { left: number; width: number } {
  return { left: LEFT, width: Math.max(20, width - LEFT - 8) }
}

/** The drawing itself; its numbers are read from the legend and the table. */
export function Plot({
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
      // From the edge of the first known step to that of the last, so that one that stands alone shows.
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
