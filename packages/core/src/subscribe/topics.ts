import { LRUCache } from 'lru-cache'
import type { Writable } from '../basics/maybe.ts'

const SEPARATORS = './:'

export interface TopicTable<T> {
  add(patterns: readonly string[], value: T): void
  /**
   * Returns the values that match, in the order in which they were added. A value matches if its pattern equals the
   * topic or an alias, or if the wildcards of its pattern match the topic.
   */
  match(topic: string, aliases?: readonly string[]): readonly T[]
  readonly size: number
}

const NOTHING: readonly never[] = []

/**
 * Makes a topic table. An exact match is a look-up in a Map. Matches of wildcards are cached for at most `cache`
 * topics, since topics come from the network.
 */
export function createTopicTable<T>(cache = 1000): TopicTable<T> {
  const exact = new Map<string, readonly Entry<T>[]>()
  const wild: (Entry<T> & { test: RegExp })[] = []
  // The cache is made at the first wildcard: it allocates all its room, and most tables have no wildcards.
  let seen: LRUCache<string, readonly Entry<T>[]> | undefined

  const table: Writable<TopicTable<T>> = {
    size: 0,
    add(patterns, value) {
      for (const pattern of patterns) checkPattern(pattern)
      const entry = { order: table.size++, value }
      for (const pattern of patterns) {
        if (pattern.includes('*')) wild.push({ ...entry, test: toRegExp(pattern) })
        else exact.set(pattern, [...(exact.get(pattern) ?? []), entry])
      }
      seen?.clear()
    },
    match(topic, aliases = NOTHING) {
      let found = exact.get(topic) ?? NOTHING
      if (wild.length > 0) found = joined(found, wildOf(topic))
      for (const alias of aliases) found = joined(found, exact.get(alias) ?? NOTHING)
      if (found.length === 0) return NOTHING
      if (found.length === 1) return [found[0]!.value]
      const byOrder = new Map(found.map((entry) => [entry.order, entry.value]))
      return [...byOrder].sort(([a], [b]) => a - b).map(([, value]) => value)
    },
  }
  return table

  function wildOf(topic: string): readonly Entry<T>[] {
    seen ??= new LRUCache({ max: cache })
    let found = seen.get(topic)
    if (!found) seen.set(topic, (found = wild.filter((entry) => entry.test.test(topic))))
    return found
  }
}

function joined<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return others.length === 0 ? some : some.length === 0 ? others : [...some, ...others]
}

interface Entry<T> {
  readonly order: number
  readonly value: T
}

export function checkPattern(pattern: string): void {
  if (typeof pattern !== 'string' || pattern.trim() === '')
    throw new TypeError('a topic pattern must be a string that is not empty')
  for (const segment of pattern.split(/[./:]/)) {
    if (segment.includes('*') && segment !== '*' && segment !== '**')
      throw new TypeError(
        `topic pattern ${pattern}: * and ** stand for whole segments (release.* and not release.pub*)`,
      )
  }
  if (/\*\*./.test(pattern))
    throw new TypeError(
      `topic pattern ${pattern}: ** stands for the rest, so nothing may follow it`,
    )
}

/** Converts a pattern: `*` matches one segment, and `**` at the end matches one or more segments. */
function toRegExp(pattern: string): RegExp {
  return new RegExp(topicSource(pattern), 's')
}

/** Returns a pattern as the source of a regular expression that JavaScript and PostgreSQL read in the same way. */
export function topicSource(pattern: string): string {
  const source = pattern.replaceAll(/\*\*|\*|[\\^$.|?+()[\]{}/]/g, (part) =>
    part === '**' ? '.+' : part === '*' ? `[^${SEPARATORS}]+` : `\\${part}`,
  )
  return `^${source}$`
}
