import type { Picture } from './part.ts'
import { line, round, svg, text } from './svg.ts'

const WIDTH = 760
const HEIGHT = 360
const LEFT = 44
const RIGHT = 200
const TOP = 44
const BOTTOM = 44
// Colors that differ in hue and lightness, readable on white and on dark gray.
const COLOURS = ['#0f9b86', '#c2571a', '#7d5bd0', '#2f7fd6', '#b3860b', '#c23b76']

/**
 * Returns lines over a logarithmic x axis. The y axis starts at 0. A value of x = 0 is one step left of the smallest
 * other value.
 */
export function linesText({ title, axes, lines }: Extract<Picture, { kind: 'lines' }>): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x))
  const least = Math.min(...xs.filter((x) => x > 0))
  const from = Math.log10(least) - (xs.includes(0) ? 1 : 0)
  const span = Math.max(1, Math.log10(Math.max(...xs)) - from)
  const top = Math.max(1.25, ...lines.flatMap(({ points }) => points.map(([, y]) => y))) * 1.05
  const xOf = (x: number): number =>
    LEFT + (((x > 0 ? Math.log10(x) : from) - from) / span) * (WIDTH - LEFT - RIGHT)
  const yOf = (y: number): number => HEIGHT - BOTTOM - (y / top) * (HEIGHT - TOP - BOTTOM)
  const step = top > 3 ? 1 : 0.25
  const grid: string[] = []
  for (let y = 0; y <= top; y += step)
    grid.push(
      line(LEFT, yOf(y), WIDTH - RIGHT, yOf(y), y === 1 ? 'limit' : 'rule'),
      text(LEFT - 8, yOf(y) + 4, y.toFixed(step < 1 ? 2 : 0), 'quiet', 'end'),
    )
  for (let power = Math.ceil(from); power <= from + span + 0.01; power++)
    grid.push(
      text(
        LEFT + ((power - from) / span) * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM + 18,
        power === from && xs.includes(0) ? '0' : (10 ** power).toLocaleString('en'),
        'quiet',
        'middle',
      ),
    )
  const ends = spread(lines.map(({ points }) => yOf(points.at(-1)![1])))
  return svg(title, WIDTH, HEIGHT, [
    ...grid,
    text(LEFT, TOP - 8, axes[1], 'quiet'),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axes[0], 'quiet', 'middle'),
    ...lines.flatMap(({ label, points }, at) => {
      const colour = COLOURS[at % COLOURS.length]!
      const path = points.map(([x, y]) => `${round(xOf(x))},${round(yOf(y))}`)
      const end = ends[at]!
      return [
        `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-linejoin="round"/>`,
        ...path.map((point) => {
          const [x, y] = point.split(',')
          return `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`
        }),
        `<rect x="${WIDTH - RIGHT + 14}" y="${round(end - 5)}" width="10" height="10" rx="2" fill="${colour}"/>`,
        text(WIDTH - RIGHT + 30, end + 4, label),
      ]
    }),
  ])
}

/** Moves labels apart so that none overlaps another. Returns their heights in the given order. */
function spread(heights: readonly number[]): readonly number[] {
  const order = heights.map((y, at) => ({ y, at })).toSorted((a, b) => a.y - b.y)
  for (let at = 1; at < order.length; at++)
    order[at]!.y = Math.max(order[at]!.y, order[at - 1]!.y + 18)
  // Moves labels up that are below the frame.
  let limit = HEIGHT - BOTTOM
  for (const label of order.toReversed()) {
    label.y = Math.min(label.y, limit)
    limit = label.y - 18
  }
  const moved: number[] = []
  for (const { y, at } of order) moved[at] = y
  return moved
}
