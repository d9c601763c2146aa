import type { JSX, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { hrefHere, useRoute } from '../data/route.ts'
import { useMedia } from '../parts/use-media.ts'
import { clock, isUtc } from '../words/time.ts'
import type { Loaded } from './loaded.ts'
import { Row } from './row.tsx'

/** Rows drawn above and below those that are seen. */
const BEYOND = 12

/** The rows that are seen, in a place as high as all of them: a million of them cost what fifty cost. */
export function Rows({
  loaded,
  scroller,
  isComplete,
}: {
  loaded: Loaded
  scroller: RefObject<HTMLDivElement | null>
  isComplete: boolean
}): JSX.Element {
  const { open } = useRoute()
  const height = useRowHeight()
  const { top, seen } = useScroll(scroller, height)
  const { rows, gone } = loaded
  const from = Math.max(0, Math.min(top - BEYOND, rows.length - seen))
  const to = Math.min(rows.length, top + seen + BEYOND)
  const utc = isUtc()
  return (
    <div
      role="table"
      aria-label="Deliveries"
      aria-rowcount={isComplete ? rows.length + 1 : -1}
      class={rows.some(({ at }) => clock(at).length > 8) ? 'rows dated' : 'rows'}
    >
      <div role="rowgroup" class="row-head">
        <div role="row" class="row" aria-rowindex={1}>
          {HEADS.map(([name, title]) => (
            <span key={name} role="columnheader" class={name}>
              {title}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: `${rows.length * height}px`, position: 'relative' }}>
        <div
          role="presentation"
          class="seen"
          style={{ transform: `translateY(${from * height}px)` }}
        >
          {rows.slice(from, to).map((row, at) => (
            <Row
              key={row.id}
              row={row}
              at={from + at}
              link={hrefHere({ open: row.id, tab: '' })}
              isOpen={row.id === open}
              isGone={gone.has(row.id)}
              isUtc={utc}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

const HEADS = [
  ['time', 'Time'],
  ['receiver', 'Receiver'],
  ['topic', 'Topic'],
  ['event-id', 'Id'],
  ['became', 'What became of it'],
  ['took', 'Reply'],
] as const

/** Height of a row, as the style has it: two lines on a phone. */
export function useRowHeight(): number {
  return useMedia('(max-width: 719px)') ? 56 : 32
}

function useScroll(
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
): { top: number; seen: number } {
  const [place, setPlace] = useState({ top: 0, seen: 60 })
  const measure = (): void => {
    const element = scroller.current
    if (element === null) return
    // In steps of four rows: most scrolling draws nothing.
    const top = Math.floor(element.scrollTop / height / 4) * 4
    const seen = Math.ceil(element.clientHeight / height) + 4
    setPlace((old) => (old.top === top && old.seen === seen ? old : { top, seen }))
  }
  useLayoutEffect(measure, [height])
  useEffect(() => {
    const element = scroller.current!
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      watch.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [height])
  return place
}
