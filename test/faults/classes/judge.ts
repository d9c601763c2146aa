import type { Told } from './class.ts'

/** Returns tasks from lines, because the memory inbox keeps no done tasks. */
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
