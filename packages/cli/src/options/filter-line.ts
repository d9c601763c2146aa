import type { TaskFilter } from '@postern/core/inbox'
import { places, type InboxOptions } from '../inboxes.ts'

const FLAGS = {
  receiver: '--receiver',
  provider: '--provider',
  subscription: '--subscription',
  part: '--part',
  topic: '--topic',
  eventId: '--event-id',
  id: '--id',
  cause: '--cause',
  text: '--text',
  after: '--since',
  before: '--until',
  state: '--state',
} as const

/**
 * The options of a command that mean this inbox and this filter, as a shell takes them. Ages are dates, since an age means
 * something else later; a URL is left out, since it may hold a password.
 */
export function filterLine(options: InboxOptions, filter: TaskFilter): string {
  const place = places.flatMap(({ place: { flag, takes } }) => {
    const value = options[flag]
    if (value === undefined) return []
    return [`--${flag}`, takes === 'url' ? '…' : quoted(value)]
  })
  const given = Object.entries(FLAGS).flatMap(([name, flag]) => {
    const value = filter[name as keyof typeof FLAGS]
    if (value === undefined) return []
    return [flag, quoted(typeof value === 'number' ? new Date(value).toISOString() : value)]
  })
  return [...place, ...given].join(' ')
}

function quoted(value: string): string {
  return /^[\w./:@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`
}
