import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { live } from '../data/live.ts'
import { go } from '../data/route.ts'
import { useStore } from '../data/store.ts'
import { happened } from '../words/did.ts'
import { clockTime } from '../words/time.ts'
import { Plot, plotArea } from './plot.tsx'
import { stepsOf, type ChartData } from './series.ts'
import { ChartTable } from './table.tsx'

/** A chart with its legend. Arrow keys or the pointer choose a step, whose values the legend shows; a button shows it as a table. */
export function Chart({ data }: { data: ChartData }): JSX.Element {
  const [isTable, setTable] = useState(false)
  const [chosen, setChosen] = useState<number | undefined>()
  const [ref, width] = useWidth()
  const steps = stepsOf(data)
  // Then the page says of when all numbers are.
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
        <button
          type="button"
          class="quiet"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          table
        </button>
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
      {data.series.map(({ name, tone, values }) => {
        const value = values[at]
        return (
          <span key={name} class="entry">
            <span class={`swatch ${tone}`} aria-hidden="true" />
            {name} <b>{value === null || value === undefined ? '–' : data.words(value)}</b>
          </span>
        )
      })}
    </p>
  )
}

/** What happened in the step that is shown; without one, what happened last. */
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

function inWords(data: ChartData, at: number): string {
  if (at < 0) return 'nothing'
  const values = data.series.map(({ name, values: all }) => {
    const value = all[at]
    return `${name} ${value === null || value === undefined ? 'unknown' : data.words(value)}`
  })
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
