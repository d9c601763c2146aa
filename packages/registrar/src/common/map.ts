import { createTopicTable } from '@postern/core/internal'
import type { Mapping } from '../registrar.ts'

/** How a sender names its topics. */
export interface TopicNames {
  /** All topics that the sender supports, in the sender's spelling. @default unknown, so any name is accepted */
  readonly known?: readonly string[]
  /** True if `known` may be incomplete. Other names are then accepted too. @default false */
  readonly open?: boolean
  /** The name that subscribes to every topic. @default none, so `**` expands to the names in `known` */
  readonly everything?: string
  /**
   * Returns the provider's topic for a name that the sender uses. Wildcards are compared with the provider's topic.
   * @default the name itself
   */
  readonly topicOf?: (name: string) => string
  /** Returns the sender's names for a pattern that is not a known topic. */
  readonly convert?: (pattern: string) => Converted | undefined
  /** Returns the reason if a person must set the topic by hand. Undefined if the API can set it. */
  readonly manual?: (pattern: string) => string | undefined
}

interface Converted {
  readonly names: readonly string[]
  /** True if the names stand for more topics than the pattern. */
  readonly wider: boolean
}

/** Maps patterns to the sender's names. `unknown` lists the patterns that match none of these names. */
export function mapTopics(patterns: readonly string[], rules: TopicNames): Mapping {
  if (!Array.isArray(patterns) || patterns.length === 0)
    throw new TypeError('topics: must be one topic pattern or more; give receiver.topics')
  const topicOf = rules.topicOf ?? ((name: string) => name)
  const pairs = (rules.known ?? []).map((name) => [topicOf(name), name] as const)
  const topics = new Set<string>()
  const wider: { pattern: string; becomes: string }[] = []
  const unknown: string[] = []
  const manual: { pattern: string; why: string }[] = []
  for (const pattern of patterns) {
    const why = rules.manual?.(pattern)
    const exact = pairs.filter(([topic]) => topic === pattern)
    const converted = exact.length === 0 ? rules.convert?.(pattern) : undefined
    if (why !== undefined) manual.push({ pattern, why })
    else if (exact.length > 0) for (const [, name] of exact) topics.add(name)
    else if (converted !== undefined && converted.names.every(isKnown)) {
      for (const name of converted.names) topics.add(name)
      if (converted.wider) wider.push({ pattern, becomes: converted.names.join(', ') })
    } else if (pattern.includes('*')) addWild(pattern)
    else if (rules.known === undefined || rules.open === true) topics.add(pattern)
    else unknown.push(pattern)
  }
  return { topics: [...topics].toSorted(), wider, unknown, manual }

  function isKnown(name: string): boolean {
    return (
      rules.open === true ||
      name === rules.everything ||
      rules.known === undefined ||
      rules.known.includes(name)
    )
  }

  function addWild(pattern: string): void {
    if (pattern === '**' && rules.everything !== undefined) {
      topics.add(rules.everything)
      return
    }
    const table = createTopicTable<true>()
    table.add([pattern], true)
    const found = pairs.filter(([topic]) => table.match(topic).length > 0)
    for (const [, name] of found) topics.add(name)
    if (found.length > 0) return
    if (rules.everything === undefined) unknown.push(pattern)
    else {
      topics.add(rules.everything)
      wider.push({ pattern, becomes: rules.everything })
    }
  }
}
