import { createTopicTable } from '@postern/core/internal'
import type { Mapping } from '../registrar.ts'

/** How a provider's topics become what the sender can subscribe to. */
interface MapRules {
  /** Every name the sender can subscribe to. Absent: the sender has no fixed list, and each name is taken as it is. */
  readonly known?: readonly string[]
  /** Names beyond `known` are taken as they are: the list is not complete. @default false */
  readonly open?: boolean
  /** The sender's name for "everything". Absent: a wildcard expands over `known`. */
  readonly everything?: string
  /** Postern's topic of a sender's name, if they differ: wildcards match it. @default the name itself */
  readonly topicOf?: (name: string) => string
  /** The sender's name for a topic that is not known as it is. `wider` when more would arrive than the pattern asks for. */
  readonly convert?: (pattern: string) => Converted | undefined
  /** Topics that only a person can set, and why. */
  readonly manual?: (pattern: string) => string | undefined
}

/** Names that a topic becomes. */
interface Converted {
  readonly names: readonly string[]
  readonly wider: boolean
}

/** Maps patterns by the rules. Topics without a rule are listed in `unknown`, never dropped. */
export function mapTopics(patterns: readonly string[], rules: MapRules): Mapping {
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
