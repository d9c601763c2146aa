/** Seconds that a part takes on a quiet machine with two cores, in full and with --quick. */
type Seconds = readonly [full: number, quick: number]

// In the order of importance: if time is short, the first parts are measured in full.
const SECONDS: Readonly<Record<string, Seconds>> = {
  http: [900, 200],
  sqlite: [60, 5],
  sustained: [480, 80],
  'in-process': [110, 30],
  postgres: [60, 5],
  engines: [120, 40],
  workers: [60, 20],
  accept: [25, 10],
  drain: [25, 10],
  memory: [25, 10],
  latency: [35, 15],
  down: [65, 35],
  'start-up': [35, 15],
  strangers: [60, 20],
  journal: [180, 45],
  growth: [140, 40],
  fair: [120, 30],
  'cli-start': [260, 60],
  telemetry: [385, 60],
  scale: [900, 40],
  inspect: [1540, 60],
}

/** Returns the parts, the most important first. */
export function byWeight(names: readonly string[]): readonly string[] {
  const order = Object.keys(SECONDS)
  return names.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
}

/** Returns whether the remaining seconds suffice to measure this part in full and the others with --quick. */
export function isFull(name: string, others: readonly string[], left: number): boolean {
  const least = others.reduce((sum, other) => sum + secondsOf(other)[1], 0)
  return secondsOf(name)[0] + least <= left
}

function secondsOf(name: string): Seconds {
  return SECONDS[name] ?? [0, 0]
}
