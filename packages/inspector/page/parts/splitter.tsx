import type { JSX, TargetedPointerEvent } from 'preact'
import { store, stored } from '../data/stored.ts'

// Width of the list in percent of the window: at first, at least, at most, and the change per key press.
const USUAL = 56
const LEAST = 30
const MOST = 70
const STEP = 2

/** Returns the width that the reader chose at an earlier visit. */
export function firstShare(): number {
  return within(Number(stored('share') ?? USUAL))
}

function within(share: number): number {
  return share >= LEAST && share <= MOST ? share : Math.max(LEAST, Math.min(MOST, share || USUAL))
}

/** The line between the list and the detail. Dragging and arrow keys move it; a double click resets it. */
export function Splitter({
  share,
  change,
}: {
  share: number
  change: (share: number) => void
}): JSX.Element {
  const move = (next: number): void => {
    change(within(next))
    store('share', String(within(next)))
  }
  const drag = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const { currentTarget: line, pointerId, clientX } = event
    if (!line.hasPointerCapture(pointerId)) return
    const { left, width } = line.parentElement!.getBoundingClientRect()
    move(Math.round(((clientX - left) / width) * 100))
  }
  const press = (event: KeyboardEvent): void => {
    const to = {
      ArrowLeft: share - STEP,
      ArrowRight: share + STEP,
      Home: LEAST,
      End: MOST,
      Enter: USUAL,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    move(to)
  }
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the list"
      aria-controls="list"
      aria-valuenow={share}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      title="Drag, or press the arrows; a double click puts it back"
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault()
        event.currentTarget.setPointerCapture(event.pointerId)
        event.currentTarget.focus()
      }}
      onPointerMove={drag}
      onDblClick={() => move(USUAL)}
      onKeyDown={press}
    />
  )
}
