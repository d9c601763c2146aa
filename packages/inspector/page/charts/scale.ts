/** From values to heights, and the values that stand at the axis. */
export interface Scale {
  /** 0 at the bottom, 1 at the top. */
  at(value: number): number
  readonly ticks: readonly number[]
}

/** From 0 to a round number above the highest. */
export function linearScale(highest: number): Scale {
  const top = highest > 0 ? roundUp(highest) : 1
  return { at: (value) => value / top, ticks: [0, top / 2, top] }
}

/** Decades between the lowest and the highest, for times that differ by more than ten. */
export function decades(lowest: number, highest: number): Scale {
  const from = Math.floor(Math.log10(Math.max(lowest, 0.1)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(highest, 0.1))))
  const every = Math.ceil((to - from) / 4)
  const ticks: number[] = []
  for (let power = from; power <= to; power += every) ticks.push(10 ** power)
  const at = (value: number): number =>
    Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-3)) - from) / (to - from)))
  return { at, ticks }
}

/** As a logarithm that knows 0: three waiting tasks show beside a thousand dead ones. */
export function fromZero(highest: number): Scale {
  if (highest <= 20) return linearScale(Math.max(highest, 2))
  const to = Math.ceil(Math.log10(highest + 1))
  const top = Math.log10(10 ** to + 1)
  const every = Math.ceil(to / 3)
  const ticks = [0]
  for (let power = to; power > 0; power -= every) ticks.splice(1, 0, 10 ** power)
  return { at: (value) => Math.log10(value + 1) / top, ticks }
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999)!
}
