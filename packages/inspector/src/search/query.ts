import type { DeliveryFilter, TaskFilter, ArrivalOutcome, TaskState } from '@postern/core/inbox'
import { nearest } from '@postern/core/engine'
import { pathNames, searchTokens, wordsOf } from './tokens.ts'

/** A condition on payloads, such as `payload.a.b:7`. */
export interface PayloadMatch {
  readonly path: readonly string[]
  /** `text` is the value as it was typed. `value` is `text` parsed as JSON if possible. */
  readonly text: string
  readonly value: unknown
  /** True for `-payload.a.b:7`, which matches payloads without this value. */
  readonly isNot: boolean
}

export type SearchQuery =
  | {
      readonly kind: 'deliveries'
      readonly filter: DeliveryFilter
      readonly sieve: readonly Sieved[]
    }
  | {
      readonly kind: 'tasks'
      readonly filter: TaskFilter
      readonly payload: readonly PayloadMatch[]
      /** Id of an action. If set, the search lists only tasks that this action has changed. */
      readonly action: string | undefined
      readonly sieve: readonly Sieved[]
    }
  | {
      readonly kind: 'problem'
      readonly problem: string
      readonly meant?: string
    }

/** A condition that no inbox can filter by: the inspector tests each row. */
export interface Sieved {
  readonly name: string
  readonly value: string
  /** True for `-name:value`, which matches rows without this value. */
  readonly isNot: boolean
}

/** Parses a search. With a qualifier of tasks, the search lists tasks, otherwise deliveries. */
export function searchOf(q: string, now: number): SearchQuery {
  const given = new Map<string, string>()
  const payload: PayloadMatch[] = []
  const text: string[] = []
  const sieve: Sieved[] = []
  for (const { name, value, isNot, isQuoted } of searchTokens(q)) {
    if (name === undefined && !isQuoted && /^-?payload\./i.test(value))
      return problem(`${value} has no value; write one, as in payload.user.id:7`)
    else if (name === undefined) text.push(value)
    else if (!isQuoted && value.startsWith('//')) text.push(`${name}:${value}`)
    else if (!name.startsWith('payload.') && !Object.hasOwn(QUALIFIERS, name))
      return unknownQualifier(q, name)
    else if (value === '' && !(isQuoted && name.startsWith('payload.')))
      return problem(`${name}: has no value`)
    else if (name.startsWith('payload.')) payload.push(matchOf(name, value, isNot))
    else if (isNot && name === 'action') return problem('-action: cannot be negated')
    else if (isNot && (name === 'since' || name === 'until'))
      return problem(`-${name}: cannot be negated; give the other one`)
    else if (name === 'status' && !/^\d{3}$/.test(value))
      return problem('status: is the number of a reply, such as 401')
    else if (isNot || name === 'error' || name === 'status') sieve.push({ name, value, isNot })
    else if (given.has(name)) return problem(`${name}: is given twice; give it once`)
    else given.set(name, value)
  }
  const of = (kind: string): string | undefined =>
    [...given.keys(), ...sieve.map(({ name }) => name)].find((name) => QUALIFIERS[name] === kind)
  const [ofTasks, ofDeliveries] = [payload.length > 0 ? 'payload' : of('tasks'), of('deliveries')]
  if (ofTasks !== undefined && ofDeliveries !== undefined)
    return problem(
      `${ofTasks}: lists tasks and ${ofDeliveries}: lists deliveries; remove one of them`,
    )
  const words = text.join(' ')
  try {
    for (const { name, value } of sieve) {
      if (name === 'state') oneOf(name, value, STATE_WORDS)
      if (name === 'outcome') oneOf(name, value, OUTCOMES)
    }
    return ofTasks === undefined
      ? { kind: 'deliveries', filter: deliveriesOf(given, words, now), sieve }
      : {
          kind: 'tasks',
          filter: tasksOf(given, words, now),
          payload,
          action: given.get('action'),
          sieve,
        }
  } catch (error) {
    if (!(error instanceof WrongValue)) return problem((error as Error).message)
    return problem(error.message, corrected(q, error.given, error.near))
  }
}

function problem(text: string, meant?: string): SearchQuery {
  return { kind: 'problem', problem: text, ...(meant !== undefined && { meant }) }
}

/** Replaces `from` with `to` in the words that start with `from`. Undefined if there is no such word. */
function corrected(q: string, from: string, to: string | undefined): string | undefined {
  if (to === undefined) return undefined
  const starts = (word: string): boolean => word.replace(/^-/, '').startsWith(from)
  const words = wordsOf(q)
  if (!words.some(starts)) return undefined
  return words.map((word) => (starts(word) ? word.replace(from, () => to) : word)).join(' ')
}

function matchOf(name: string, text: string, isNot: boolean): PayloadMatch {
  return { path: pathNames(name.slice('payload.'.length)), text, value: valueOf(text), isNot }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function deliveriesOf(
  given: ReadonlyMap<string, string>,
  text: string,
  now: number,
): DeliveryFilter {
  const get = (name: string): string | undefined => given.get(name)
  return withoutUndefined({
    topic: get('topic'),
    outcome: oneOf('outcome', get('outcome'), OUTCOMES),
    code: get('code'),
    receiver: get('receiver'),
    provider: get('provider'),
    eventId: get('id'),
    since: searchTime('since', get('since'), now),
    until: searchTime('until', get('until'), now),
    text: text === '' ? undefined : text,
  })
}

function tasksOf(given: ReadonlyMap<string, string>, text: string, now: number): TaskFilter {
  const get = (name: string): string | undefined => given.get(name)
  const since = searchTime('since', get('since'), now)
  return withoutUndefined({
    topic: get('topic'),
    state: oneOf('state', get('state'), STATE_WORDS),
    cause: get('cause'),
    receiver: get('receiver'),
    provider: get('provider'),
    subscription: get('subscription'),
    part: get('part'),
    eventId: get('id'),
    id: get('task'),
    // `since:` includes the given millisecond, but `after` of the filter excludes it.
    after: since === undefined ? undefined : since - 1,
    before: searchTime('until', get('until'), now),
    text: text === '' ? undefined : text,
  })
}

function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a time: an age such as `2h`, `today`, an ISO date, or milliseconds since 1970. */
function searchTime(name: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const days = ['today', 'yesterday'].indexOf(text)
  if (days >= 0) return new Date(now).setHours(0, 0, 0, 0) - days * UNITS['d']!
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (amount !== undefined) return now - Number(amount) * UNITS[unit!]!
  const time = /^\d{11,14}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(time))
    throw new TypeError(
      `${name}: is an age such as 30m, 2h or 7d, today, yesterday, or a date such as 2026-01-31T08:00Z`,
    )
  return time
}

/** All qualifiers, each with the kind of list that it filters. */
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
  'rejected',
]

function unknownQualifier(q: string, name: string): SearchQuery {
  const near = nearest(name, [...Object.keys(QUALIFIERS), 'payload'])
  const form = near === 'payload' ? 'payload.' : `${near}:`
  const meant = near === undefined ? '' : ` did you mean ${form}?`
  return problem(
    `${name}: is not a qualifier;${meant} put text with a colon in double quotes`,
    near === undefined || near === 'payload' ? undefined : corrected(q, `${name}:`, form),
  )
}

class WrongValue extends TypeError {
  /** `given` is the qualifier with the wrong value. `near` is the qualifier with the nearest allowed value. */
  readonly given: string
  readonly near: string | undefined

  constructor(message: string, given: string, near: string | undefined) {
    super(message)
    this.given = given
    this.near = near
  }
}

/** Returns the value if it is allowed. Throws a {@link WrongValue} with the nearest allowed value. */
function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  all: readonly T[],
): T | undefined {
  if (value === undefined || all.includes(value as T)) return value as T | undefined
  const near = nearest(value, all)
  const meant = near === undefined ? '' : `; did you mean ${near}?`
  throw new WrongValue(
    `${name} must be one of ${all.join(', ')}, got ${value}${meant}`,
    `${name}:${value}`,
    near && `${name}:${near}`,
  )
}
