import type { CheckedOptions } from './checked-options.ts'
import { nodeEnv } from './node-env.ts'

/**
 * Warns operators once at start of risky settings. Returns what is called when the handlers are known: it warns of each
 * whose topic is a slip, once.
 */
export function warnAtStart(
  settings: CheckedOptions,
  patterns: () => readonly string[],
  warn: (message: string) => void,
): () => void {
  const { inbox, provider, dedupe } = settings
  if (!inbox.can.durable && inbox.view && nodeEnv() === 'production')
    warn(
      `${inbox.name} forgets acknowledged events when this process ends, and NODE_ENV is production: use sqliteInbox (@postern/sqlite), or bullmqInbox or postgresInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    warn(
      `nothing is deduplicated: ${dedupe === 'none' ? "dedupe is 'none'" : `events of ${provider.name} have no id; say where it is, or set dedupe: 'digest'`}`,
    )
  const checked = new Set<string>()
  return () => {
    const { name, topics = [] } = provider
    const fresh = patterns().filter((pattern) => !checked.has(pattern))
    if (topics.length === 0 || fresh.length === 0) return
    for (const pattern of fresh) checked.add(pattern)
    void import('./topic-typos.ts').then(({ topicTypos }) =>
      topicTypos(name, fresh, topics).forEach(warn),
    )
  }
}
