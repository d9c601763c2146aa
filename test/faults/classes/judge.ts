import type { Told } from './class.ts'

/**
 * Returns the completed tasks according to the handlers' lines. Needed for the memory inbox, which keeps no completed
 * tasks.
 */
export function ended(lines: readonly string[]): readonly Told[] {
  return lines.flatMap((line) => {
    const [what, subscription, id] = line.split(' ') as [string, string, string]
    return what === 'end' ? { subscription, state: 'done', id } : []
  })
}

/** Returns the number of tasks that finished more than once. */
export function endedTwice(lines: readonly string[]): number {
  const ends = lines.filter((line) => line.startsWith('end '))
  return ends.length - new Set(ends).size
}
