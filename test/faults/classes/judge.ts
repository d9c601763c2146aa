import type { Told } from './class.ts'

/** Runs that began after the store had said that their task is done. */
export function ranAgain(lines: readonly string[], settled: ReadonlyMap<string, number>): number {
  return lines.filter((line, at) => {
    const [what, topic, id] = line.split(' ')
    return what === 'run' && at >= (settled.get(`${topic} ${id}`) ?? Infinity)
  }).length
}

/** The inbox in memory keeps no task that is done. */
export function ended(lines: readonly string[]): readonly Told[] {
  return lines.flatMap((line) => {
    const [what, subscription, id] = line.split(' ') as [string, string, string]
    return what === 'end' ? { subscription, state: 'done', id } : []
  })
}

/** Tasks that ran to their end more than once. */
export function endedTwice(lines: readonly string[]): number {
  const ends = lines.filter((line) => line.startsWith('end '))
  return ends.length - new Set(ends).size
}
