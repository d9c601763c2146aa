import type { JSX } from 'preact'

const HEIGHT = 20

/** Counts over time as small bars. Screen readers read the numbers next to the bars instead. */
export function Spark({ values, tone }: { values: readonly number[]; tone: string }): JSX.Element {
  const top = Math.max(...values, 1)
  let path = ''
  for (const [at, value] of values.entries()) {
    if (value <= 0) continue
    const height = Math.max(2, (value / top) * HEIGHT)
    path += `M${at} ${HEIGHT}v${-height}h.7v${height}z`
  }
  return (
    <svg
      class={`spark ${tone}`}
      viewBox={`0 0 ${Math.max(values.length, 1)} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  )
}
