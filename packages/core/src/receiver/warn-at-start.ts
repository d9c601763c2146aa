import type { CheckedOptions } from './checked-options.ts'
import { nodeEnv } from './node-env.ts'

/** Warns operators once at start of risky settings. */
export function warnAtStart(settings: CheckedOptions, warn: (message: string) => void): void {
  const { inbox, provider, dedupe } = settings
  if (!inbox.can.durable && inbox.view && nodeEnv() === 'production')
    warn(
      `${inbox.name} forgets acknowledged events when this process ends, and NODE_ENV is production: use sqliteInbox (@postern/sqlite), or bullmqInbox or postgresInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    warn(
      `nothing is deduplicated: ${dedupe === 'none' ? "dedupe is 'none'" : `events of ${provider.name} have no id; say where it is, or set dedupe: 'digest'`}`,
    )
}
