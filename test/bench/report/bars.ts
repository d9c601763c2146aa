import type { Picture } from './part.ts'
import { line, round, svg, text } from './svg.ts'

const WIDTH = 760
const LABELS = 240
const STEP = 26
const TOP = 40

/** Returns horizontal bars with their values, and a vertical line at 1. */
export function barsText({ title, bars }: Extract<Picture, { kind: 'bars' }>): string {
  const most = Math.max(1, ...bars.map(({ value }) => value))
  const scale = (WIDTH - LABELS - 50) / most
  const height = TOP + bars.length * STEP + 8
  return svg(title, WIDTH, height, [
    line(LABELS + scale, TOP - 8, LABELS + scale, height - 8, 'limit'),
    ...bars.flatMap(({ label, value, ours }, at) => {
      const y = TOP + at * STEP
      const width = round(value * scale)
      return [
        text(LABELS - 10, y + 14, label, ours ? 'strong' : '', 'end'),
        `<rect x="${LABELS}" y="${y}" width="${width}" height="18" rx="2" class="${ours ? 'ours' : 'bar'}"/>`,
        text(LABELS + width + 6, y + 14, value.toFixed(2), ours ? 'strong' : 'quiet'),
      ]
    }),
  ])
}
