import { nearest, type ArrivalOutcome, type TaskState } from '@postern/core/inbox'

/** Qualifiers, and the lists that they can filter. */
export const QUALIFIERS: Readonly<Record<string, 'both' | 'deliveries' | 'tasks'>> = {
  topic: 'both',
  state: 'tasks',
  outcome: 'deliveries',
  code: 'deliveries',
  cause: 'tasks',
  receiver: 'both',
  provider: 'both',
  subscription: 'tasks',
  part: 'tasks',
  id: 'both',
  task: 'tasks',
  action: 'tasks',
  error: 'tasks',
  status: 'deliveries',
  since: 'both',
  until: 'both',
}
export const STATE_WORDS: readonly TaskState[] = ['pending', 'running', 'done', 'dead']
export const OUTCOMES: readonly ArrivalOutcome[] = [
  'accepted',
  'duplicate',
  'handshake',
  'unhandled',
  'refused',
]

/** What is wrong with the name of a qualifier, with the one that may be meant. */
export function unknownQualifier(name: string): string {
  const near = nearest(name, [...Object.keys(QUALIFIERS), 'payload'])
  const meant = near === undefined ? '' : ` did you mean ${near}${near === 'payload' ? '.' : ':'}?`
  return `${name}: is no qualifier;${meant} text with a colon stands in double quotes`
}

/** The value, if a qualifier can have it. Throws a `TypeError` with the one that may be meant. */
export function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  all: readonly T[],
): T | undefined {
  if (value === undefined || all.includes(value as T)) return value as T | undefined
  const near = nearest(value, all)
  const meant = near === undefined ? '' : `; did you mean ${near}?`
  throw new TypeError(`${name} must be one of ${all.join(', ')}, got ${value}${meant}`)
}
