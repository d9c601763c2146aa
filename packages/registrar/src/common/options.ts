import { milliseconds, checkSecret } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import { unknownOptions } from '@postern/core/engine'
import { OPTIONS, type MakerName, type OptionNames } from './option-names.ts'

/** Options that every registrar and source takes. */
export interface ApiOptions {
  /** The host of the API, for proxies, regions and tests; `http` to a loopback address alone. @default the sender's own */
  readonly api?: string
  /** How long one request may take. @default '10s' */
  readonly timeout?: Duration
  /** The longest that one call waits in all, because the sender asked for it. @default '1m' */
  readonly patience?: Duration
  /** Sends the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch
  /** Waits, in milliseconds. @default a timer */
  readonly wait?: (milliseconds: number) => Promise<void>
}

/** A token, or a function that returns the current one: for tokens that expire. */
export type Token = string | (() => string | Promise<string>)

const COMMON = ['api', 'timeout', 'patience', 'fetch', 'wait']

/** Throws a `TypeError` that names an unknown or a missing option. */
export function checkOptions(name: MakerName, options: object): void {
  const { tokens, needs, takes }: OptionNames = OPTIONS[name]
  const required = [...tokens, ...needs]
  unknownOptions(name, options, [...new Set([...COMMON, ...required, ...takes])])
  for (const option of required) {
    const value = (options as Readonly<Record<string, unknown>>)[option]
    if (typeof value === 'function' || Array.isArray(value)) continue
    checkSecret(`${name}: ${option}`, value)
  }
}

/** Reads a token each time, and checks it as it is read. */
interface TokenReader {
  (): Promise<string>
  /** The tokens that were read: a client keeps them out of its messages. */
  readonly seen: () => readonly string[]
}

/** Makes a reader of an option. Most tokens expire within a day, so that the last 20 are remembered. */
export function tokenOf(name: string, token: Token): TokenReader {
  const seen = new Set<string>()
  const read = async (): Promise<string> => {
    const value = typeof token === 'function' ? await token() : token
    checkSecret(name, value)
    seen.add(value)
    for (const oldest of seen) if (seen.size > 20) seen.delete(oldest)
    return value
  }
  return Object.assign(read, { seen: () => [...seen] })
}

/** Makes the header of a call with a token that is read each time. */
export function bearer(
  token: () => Promise<string>,
): () => Promise<Readonly<Record<string, string>>> {
  return async () => ({ authorization: `Bearer ${await token()}` })
}

/** The URL of a receiver, checked: a sender prints it, so it carries no password. Throws a `TypeError`. */
export function checkUrl(option: string, url: string, scheme: RegExp = /^https?:$/): void {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !scheme.test(parsed.protocol))
    throw new TypeError(`${option}: must be an absolute https URL; give the receiver's public URL`)
  if (parsed.username !== '' || parsed.password !== '')
    throw new TypeError(
      `${option}: must carry no user name or password, since plans print it; use the secret of the sender`,
    )
}

/** The API's base, checked. Throws a `TypeError`. */
export function checkApi(title: string, api: string): string {
  const url = URL.canParse(api) ? new URL(api) : undefined
  const local = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url?.hostname ?? '')
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && local))
    throw new TypeError(`${title}: api: must be an https URL, since the token goes there`)
  return api.replace(/\/+$/, '')
}

/** Milliseconds that a timer can take. Throws a `TypeError`. */
export function checkTimer(value: Duration, option: string): number {
  const time = milliseconds(value, option)
  if (time < 2 ** 31) return time
  throw new TypeError(`${option}: must be at most 24 days, got ${value}`)
}
