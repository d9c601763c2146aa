import { milliseconds, type Duration } from '../../../basics/deadline.ts'
import { eighthOfMemory } from '../../../basics/room.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'

/** Reads the options of an inbox. Each error is a `TypeError` that names the inbox, the option and the remedy. */
export interface Checks<Options extends object> {
  /** Returns an option without checking it. */
  value<Name extends keyof Options & string>(name: Name): Options[Name]
  flag(name: keyof Options & string, fallback: boolean): boolean
  /** Returns an option that must be a whole number of at least `least`. @default least 1 */
  whole(name: keyof Options & string, fallback: number, least?: number): number
  /** Returns a duration in milliseconds, at least 1. A number without a unit is milliseconds. */
  time(name: keyof Options & string, fallback: Duration): number
  /** Returns a retention time in milliseconds. Rejects a number without a unit, since it could be meant as a count. */
  span(name: keyof Options & string, fallback: Duration): number
  common(defaults?: CommonDefaults): CommonSettings
  /** Throws for options that no check has read. Call `end` last. */
  end(): void
}

/** Defaults that replace the usual defaults of {@link Checks.common}. */
export type CommonDefaults = Partial<
  Pick<CommonSettings, 'maxPending' | 'maxWaitingBytes'> &
    Record<'deadline' | 'dedupeWindow' | 'keepDone' | 'keepDead' | 'lease', Duration>
>

export interface CommonSettings {
  readonly maxPending: number
  /** Maximum total size of the deliveries that wait in this process for their commit, in bytes. */
  readonly maxWaitingBytes: number
  /** How long a delivery may wait for its commit, in milliseconds. */
  readonly deadline: number
  readonly dedupeWindow: number
  readonly keepDone: number
  readonly keepDead: number
  /** How long a claim is valid without renewal, in milliseconds. */
  readonly lease: number
}

/**
 * Returns how long event ids are remembered: `time` in milliseconds, the longer of `dedupeWindow` and `keepDone`.
 * `option` is the name of the longer option.
 *
 * @example
 * knownFor({ dedupeWindow: 3_600_000, keepDone: 60_000 }) // { option: 'dedupeWindow', time: 3_600_000 }
 */
export function knownFor({
  dedupeWindow: window,
  keepDone,
}: Pick<CommonSettings, 'dedupeWindow' | 'keepDone'>): {
  readonly option: string
  readonly time: number
} {
  return keepDone > window
    ? { option: 'keepDone', time: keepDone }
    : { option: 'dedupeWindow', time: window }
}

/**
 * Makes the {@link Checks} of an inbox.
 *
 * @example
 * const check = checks<MyInboxOptions>('myInbox', options)
 * const settings = { ...check.common(), path: check.value('path') }
 * check.end()
 */
export function checks<Options extends object>(
  inbox: string,
  options: Options | undefined,
): Checks<Options> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    unknownOptions(inbox, options, [])
  const read = (options ?? {}) as Readonly<Record<string, unknown>>
  const known = new Set<string>()

  return { value: (name) => get(name) as never, flag, whole, time, span, common, end }

  function get(name: string): unknown {
    known.add(name)
    return read[name]
  }

  function flag(name: string, fallback: boolean): boolean {
    const value = get(name) ?? fallback
    if (typeof value === 'boolean') return value
    throw new TypeError(`${inbox}: ${name} must be true or false, got ${show(value)}`)
  }

  function whole(name: string, fallback: number, least = 1): number {
    const value = get(name) ?? fallback
    if (!(Number.isSafeInteger(value) && (value as number) >= least))
      throw new TypeError(
        `${inbox}: ${name} must be a whole number from ${least} and up, got ${show(value)}`,
      )
    return value as number
  }

  function time(name: string, fallback: Duration): number {
    const value = milliseconds((get(name) ?? fallback) as Duration, `${inbox}: ${name}`)
    if (value < 1)
      throw new TypeError(`${inbox}: ${name} must be at least a millisecond, got ${value} ms`)
    return value
  }

  function span(name: string, fallback: Duration): number {
    const value = get(name)
    if (typeof value === 'number')
      throw new TypeError(
        `${inbox}: ${name} must be a time with its unit such as '4d', got ${value}; write '${value}ms' for milliseconds${name === 'keepDead' ? ', or maxDead for a count if the inbox has it' : ''}`,
      )
    return milliseconds((value ?? fallback) as Duration, `${inbox}: ${name}`)
  }

  function common(defaults: CommonDefaults = {}): CommonSettings {
    return {
      maxPending: whole('maxPending', defaults.maxPending ?? 1_000_000),
      maxWaitingBytes: whole(
        'maxWaitingBytes',
        defaults.maxWaitingBytes ?? eighthOfMemory(64 * 1024 * 1024),
      ),
      deadline: time('deadline', defaults.deadline ?? '5s'),
      dedupeWindow: span('dedupeWindow', defaults.dedupeWindow ?? '4d'),
      keepDone: span('keepDone', defaults.keepDone ?? '4d'),
      keepDead: span('keepDead', defaults.keepDead ?? '30d'),
      lease: time('lease', defaults.lease ?? '30s'),
    }
  }

  function end(): void {
    unknownOptions(inbox, read, [...known])
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
