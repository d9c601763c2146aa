import type { Sample } from './load.ts'

/** Results of one inbox. Sizes are in MiB. */
export interface SoakReport {
  readonly minutes: number
  readonly sent: number
  readonly acknowledged: number
  readonly failed: number
  readonly done: number
  readonly dead: number
  /** Number of acknowledged events whose two tasks are not settled at the end. */
  readonly lost: number
  /** Medians of the second and of the last quarter of the run. */
  readonly heap: readonly [number, number]
  readonly resident: readonly [number, number]
  readonly store: readonly [number, number]
  readonly handles: readonly [number, number]
  readonly files: readonly [number, number]
}

const MIB = 2 ** 20
/** Bytes that the journal may store per delivery, until it is full after 100,000 deliveries. */
const JOURNAL = 1500

/**
 * Returns the medians of the second and of the last quarter. By the second quarter, data with limited retention has
 * reached its full size.
 */
export function summed(
  samples: readonly Sample[],
): Pick<SoakReport, 'heap' | 'resident' | 'store' | 'handles' | 'files'> {
  const quarter = Math.floor(samples.length / 4)
  const pair = (of: (sample: Sample) => number): readonly [number, number] => [
    middle(samples.slice(quarter, 2 * quarter).map(of)),
    middle(samples.slice(-quarter).map(of)),
  ]
  const mib = (bytes: number): number => Math.round((bytes / MIB) * 10) / 10
  return {
    heap: pair(({ heap, outside }) => mib(heap + outside)),
    resident: pair(({ resident }) => mib(resident)),
    store: pair(({ store }) => mib(store)),
    handles: pair(({ handles }) => handles),
    files: pair(({ files }) => files),
  }
}

/** Returns an error for each figure that has grown beyond its bound. */
export function soakFaults(name: string, report: SoakReport): readonly string[] {
  const { heap, resident, store, handles, files, lost, failed, sent } = report
  const journal = (sent * 0.75 * JOURNAL) / MIB
  const grown = (
    what: string,
    [from, to]: readonly [number, number],
    share: number,
    more: number,
  ): string[] => (to <= from * share + more ? [] : [`${name}: ${what} grew from ${from} to ${to}`])
  return [
    ...(lost > 0 ? [`${name}: ${lost} acknowledged events are not settled`] : []),
    ...(failed > sent / 100 ? [`${name}: ${failed} of ${sent} deliveries failed`] : []),
    ...grown('the heap', heap, 1.1, 4),
    ...grown('resident memory', resident, 1.15, 16),
    ...grown('the store', store, 1.1, journal + 4),
    ...grown('the number of handles', handles, 1, 4),
    ...grown('the number of open files', files, 1, 2),
  ]
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
