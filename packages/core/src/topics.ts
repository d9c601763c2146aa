import { LRUCache } from 'lru-cache'

// Segments of a topic end at `.`, `/` or `:`.
const SEPARATORS = './:'

/** Finds what is subscribed to a topic. */
export interface TopicTable<T> {
  add(patterns: readonly string[], value: T): void
  /** Values whose pattern is the topic or one of its aliases, or whose wildcards match the topic, in the order they were added. */
  match(topic: string, aliases?: readonly string[]): readonly T[]
  readonly size: number
}

const NOTHING: readonly never[] = []

/**
 * Makes a topic table. An exact match is a Map look-up; what wildcards give for a topic is remembered for `cache`
 * topics, since topics come from the network.
 */
export function createTopicTable<T>(cache = 1000): TopicTable<T> {
  const exact = new Map<string, Entry<T>[]>()
  const wild: (Entry<T> & { test: RegExp })[] = []
  const seen = new LRUCache<string, { values: readonly T[] }>({ max: cache })
  let count = 0

  return {
    add(patterns, value) {
      const entry = { order: count++, value }
      for (const pattern of patterns) {
        checkPattern(pattern)
        if (pattern.includes('*')) wild.push({ ...entry, test: toRegExp(pattern) })
        else exact.set(pattern, [...(exact.get(pattern) ?? []), entry])
      }
      seen.clear()
    },
    match(topic, aliases = NOTHING) {
      // An event without aliases and a table without wildcards need no memory: the Map is one.
      const key = aliases.length === 0 ? topic : `${topic} ${aliases.join(' ')}`
      let found = seen.get(key)
      if (found === undefined) {
        const entries = [
          ...(exact.get(topic) ?? []),
          ...aliases.flatMap((alias) => exact.get(alias) ?? []),
          ...wild.filter((entry) => entry.test.test(topic)),
        ]
        const byOrder = new Map(
          entries.sort((a, b) => a.order - b.order).map((entry) => [entry.order, entry.value]),
        )
        seen.set(key, (found = { values: [...byOrder.values()] }))
      }
      return found.values
    },
    get size() {
      return count
    },
  }
}

interface Entry<T> {
  readonly order: number
  readonly value: T
}

function checkPattern(pattern: string): void {
  if (typeof pattern !== 'string' || pattern.trim() === '')
    throw new TypeError('a topic pattern must be a text that is not empty')
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

/** `*` is one segment, `**` the rest (one segment or more). */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*|\*|[\\^$.|?+()[\]{}/]/g, (part) =>
    part === '**' ? '.+' : part === '*' ? `[^${SEPARATORS}]+` : `\\${part}`,
  )
  return new RegExp(`^${source}$`, 's')
}
