/** Options of {@link fill}. */
export interface FillOptions {
  /** Time of `{{now}}`, in milliseconds since 1970. @default Date.now() */
  readonly now?: number
  /**
   * Returns a random number from 0 (inclusive) to 1 (exclusive). With a seeded function, the values are the same each
   * time. @default Math.random
   */
  readonly random?: () => number
}

/**
 * Returns a copy of a sample with new values for the placeholders in its strings. Keys stay unchanged. If a string is
 * only a placeholder for a number, its value becomes a number.
 *
 * | placeholder | becomes |
 * | --- | --- |
 * | `{{uuid}}` | a UUID of version 4 |
 * | `{{id:evt_}}` | the prefix and 24 random letters |
 * | `{{hex:32}}`, `{{digits:19}}` | a string of that many hex or decimal digits |
 * | `{{number:9}}` | an integer of that many digits, 15 at most |
 * | `{{amount}}` | an integer from 100 to 9999 |
 * | `{{email}}` | an address at example.com |
 * | `{{now}}`, `{{now:s}}`, `{{now:ms}}`, `{{now:date}}` | the time as ISO string, number of
 * seconds or milliseconds, `YYYY-MM-DD` |
 * | `{{now-2h}}`, `{{now+30d:s}}` | the same, moved by seconds, minutes, hours or days (`s`, `m`,
 * `h`, `d`) |
 *
 * A suffix such as `#order` names a value. Within one call, every `{{uuid#order}}` becomes the same value.
 *
 * @throws {TypeError} if a placeholder is unknown or not closed, or an option is wrong.
 * @example
 * fill({ id: '{{id:evt_}}', created: '{{now:s}}' }) // { id: 'evt_kTzQ…', created: 1790000000 }
 */
export function fill<T>(template: T, options: FillOptions = {}): T {
  const { now = Date.now(), random = Math.random, ...others } = options
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new TypeError(`fill: options must be now and random, got ${other}; remove it`)
  if (!Number.isFinite(now))
    throw new TypeError(
      `fill: now must be milliseconds since 1970, got ${now}; omit it for the current time`,
    )
  const named = new Map<string, string | number>()
  return copy(template) as T

  function copy(value: unknown): unknown {
    if (typeof value === 'string') return filled(value)
    if (Array.isArray(value)) return value.map(copy)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copy(item)]))
  }

  function filled(text: string): string | number {
    if (!text.includes('{{')) return text
    if (text.replace(PART, '').includes('{{')) throw unknown(text)
    const whole = WHOLE.exec(text)
    if (whole) return valueOf(whole[1]!)
    return text.replace(PART, (_, inner: string) => String(valueOf(inner)))
  }

  function valueOf(inner: string): string | number {
    if (!inner.includes('#')) return fresh(inner)
    const known = named.get(inner) ?? fresh(inner.slice(0, inner.indexOf('#')))
    named.set(inner, known)
    return known
  }

  function fresh(inner: string): string | number {
    const [, kind = '', argument = ''] = /^([^:]*):?(.*)$/.exec(inner) ?? []
    const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
    const value = make ? make(argument, random) : moment(kind, argument, now)
    if (value !== undefined) return value
    throw unknown(`{{${inner}}}`)
  }
}

const PART = /\{\{(.*?)\}\}/gs
const WHOLE = /^\{\{((?:(?!\}\}).)*)\}\}$/s
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PEOPLE = ['ada', 'grace', 'joan', 'lin', 'mary', 'noor', 'olu', 'yuki']
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

type Random = () => number
type Make = (argument: string, random: Random) => string | number | undefined

const KINDS: Readonly<Record<string, Make>> = {
  uuid: (argument, random) => (argument === '' ? uuid(random) : undefined),
  id: (prefix, random) => prefix + some(LETTERS, 24, random),
  hex: (length, random) =>
    ofLength(length, 1024, (count) => some('0123456789abcdef', count, random)),
  digits: (length, random) => ofLength(length, 1024, (count) => digits(count, random)),
  number: (length, random) => ofLength(length, 15, (count) => Number(digits(count, random))),
  amount: (argument, random) => (argument === '' ? between(100, 9999, random) : undefined),
  email: (argument, random) =>
    argument === ''
      ? `${PEOPLE[between(0, PEOPLE.length - 1, random)]}.${digits(4, random)}@example.com`
      : undefined,
}

function unknown(placeholder: string): TypeError {
  return new TypeError(
    `fill: template must hold known placeholders, got ${placeholder}; use one of uuid, id, hex, digits, number, amount, email, now`,
  )
}

function moment(kind: string, format: string, now: number): string | number | undefined {
  const [all, amount = '0', unit = 's'] = /^now(?:([+-]\d+)([smhd]))?$/.exec(kind) ?? []
  if (all === undefined) return undefined
  const time = Math.floor(now) + Number(amount) * UNITS[unit]!
  if (format === 's') return Math.floor(time / 1000)
  if (format === 'ms') return time
  const iso = new Date(time).toISOString()
  return format === '' ? iso : format === 'date' ? iso.slice(0, 10) : undefined
}

function ofLength<T>(length: string, most: number, make: (count: number) => T): T | undefined {
  const count = /^[1-9]\d{0,3}$/.test(length) ? Number(length) : Infinity
  return count <= most ? make(count) : undefined
}

function uuid(random: Random): string {
  const hex = some('0123456789abcdef', 30, random)
  const variant = some('89ab', 1, random)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}${hex.slice(15, 18)}-${hex.slice(18)}`
}

// The first digit is not zero, because `Number` would drop a leading zero.
function digits(count: number, random: Random): string {
  return some('123456789', 1, random) + some('0123456789', count - 1, random)
}

function some(characters: string, count: number, random: Random): string {
  return Array.from(
    { length: count },
    () => characters[between(0, characters.length - 1, random)],
  ).join('')
}

function between(least: number, most: number, random: Random): number {
  return least + Math.floor(random() * (most - least + 1))
}
