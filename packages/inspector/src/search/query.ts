import { unknownOptions } from '@postern/core'
import type { ArrivalOutcome, DeliveryFilter, TaskFilter, TaskState } from '@postern/core/inbox'
import { searchTime } from './time.ts'
import { searchTokens } from './tokens.ts'

/** A qualifier of a payload: `payload.a.b:7`. */
export interface PayloadMatch {
  readonly path: readonly string[]
  /** The value as it was written, and what it can be as JSON. */
  readonly text: string
  readonly value: unknown
}

/** What a search means. */
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
      /** Tasks of this action alone. */
      readonly action: string | undefined
      readonly sieve: readonly Sieved[]
    }
  | { readonly kind: 'problem'; readonly problem: string }

/** What no inbox filters by: rows are looked through for it. */
export interface Sieved {
  readonly name: string
  readonly value: string
  /** True for `-name:value`: rows that do not have it. */
  readonly isNot: boolean
}

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

/** Reads a search. Qualifiers of tasks list tasks, all others deliveries. */
export function searchOf(q: string, now: number): SearchQuery {
  const given = new Map<string, string>()
  const payload: PayloadMatch[] = []
  const text: string[] = []
  const sieve: Sieved[] = []
  for (const { name, value, isNot } of searchTokens(q)) {
    if (name === undefined) text.push(value)
    else if (name.startsWith('payload.')) payload.push(matchOf(name, value))
    else if (value.startsWith('//')) text.push(`${name}:${value}`)
    else if (!Object.hasOwn(QUALIFIERS, name)) return problem(unknown(name))
    else if (isNot && name === 'action') return problem('-action: cannot be turned round')
    else if (isNot && (name === 'since' || name === 'until'))
      return problem(`-${name}: cannot be turned round; give the other one`)
    else if (value === '') return problem(`${name}: has no value`)
    else if (isNot || name === 'error' || name === 'status') sieve.push({ name, value, isNot })
    else if (given.has(name)) return problem(`${name}: stands twice; give it once`)
    else given.set(name, value)
  }
  const of = (kind: string): string | undefined =>
    [...given.keys(), ...sieve.map(({ name }) => name)].find((name) => QUALIFIERS[name] === kind)
  const [ofTasks, ofDeliveries] = [payload.length > 0 ? 'payload' : of('tasks'), of('deliveries')]
  if (ofTasks !== undefined && ofDeliveries !== undefined)
    return problem(
      `${ofTasks}: lists tasks and ${ofDeliveries}: lists deliveries; take one of both away`,
    )
  const words = text.join(' ')
  try {
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
    return problem((error as Error).message)
  }
}

function unknown(name: string): string {
  let meant = ''
  try {
    unknownOptions('search', { [name]: 1 }, [...Object.keys(QUALIFIERS), 'payload'])
  } catch (error) {
    const near = /did you mean (\w+)\?/.exec((error as Error).message)?.[1]
    if (near !== undefined) meant = ` did you mean ${near}${near === 'payload' ? '.' : ':'}?`
  }
  return `${name}: is no qualifier;${meant} text with a colon stands in double quotes`
}

function problem(text: string): SearchQuery {
  return { kind: 'problem', problem: text }
}

function matchOf(name: string, text: string): PayloadMatch {
  const path = name
    .slice('payload.'.length)
    .split(/(?<!\\)\./)
    .map((part) => part.replaceAll(/\\(.)/g, '$1'))
  return { path, text, value: valueOf(text) }
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
    // The inbox means "after", and a delivery of that very millisecond is meant too.
    after: since === undefined ? undefined : since - 1,
    before: searchTime('until', get('until'), now),
    text: text === '' ? undefined : text,
  })
}

function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  all: readonly T[],
): T | undefined {
  if (value === undefined || all.includes(value as T)) return value as T | undefined
  throw new TypeError(`${name}: is one of ${all.join(', ')}`)
}

function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}
