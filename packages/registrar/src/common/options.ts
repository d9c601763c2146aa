import { milliseconds, checkSecret } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import { unknownOptions } from '@postern/core/engine'

/** Names of the options of a registrar or a source, except those in {@link ApiOptions}. */
export interface OptionNames {
  /** Required tokens or keys, which are never printed. */
  readonly tokens: readonly string[]
  /** Other required options. */
  readonly needs: readonly string[]
  /** Optional options. */
  readonly takes: readonly string[]
}

/** The options of each registrar and source, by the name of the function that makes it. */
export const OPTIONS = {
  githubRegistrar: { tokens: ['token'], needs: [], takes: ['repository', 'organization'] },
  githubEvents: {
    tokens: ['token'],
    needs: [],
    takes: ['repository', 'organization', 'app', 'url'],
  },
  githubRedelivery: {
    tokens: ['token'],
    needs: [],
    takes: ['repository', 'organization', 'app', 'url'],
  },
  githubAppRegistrar: { tokens: ['jwt'], needs: [], takes: [] },
  stripeRegistrar: { tokens: ['key'], needs: [], takes: ['apiVersion', 'connect', 'payload'] },
  stripeEvents: { tokens: ['key'], needs: ['url'], takes: ['account', 'payload'] },
  shopifyRegistrar: { tokens: ['token'], needs: ['shop'], takes: ['version'] },
  twilioRegistrar: { tokens: ['authToken'], needs: ['accountSid'], takes: ['schemaVersion'] },
  twilioNumberRegistrar: { tokens: ['authToken'], needs: ['accountSid', 'number'], takes: [] },
  slackRegistrar: { tokens: ['token'], needs: ['appId'], takes: ['messages'] },
  svixRegistrar: { tokens: ['token'], needs: ['application'], takes: [] },
  svixRedelivery: { tokens: ['token'], needs: ['application', 'endpoint'], takes: ['provider'] },
  paddleRegistrar: { tokens: ['key'], needs: [], takes: [] },
  paddleEvents: { tokens: ['key'], needs: [], takes: [] },
  paddleRedelivery: { tokens: ['key'], needs: [], takes: ['setting'] },
  squareRegistrar: { tokens: ['token'], needs: [], takes: ['apiVersion'] },
  squareEvents: { tokens: ['token'], needs: ['url'], takes: [] },
  polarRegistrar: { tokens: ['token'], needs: [], takes: ['organization'] },
  polarRedelivery: { tokens: ['token'], needs: [], takes: ['endpoint'] },
  figmaRegistrar: { tokens: ['token'], needs: ['context', 'contextId'], takes: [] },
  figmaEvents: { tokens: ['token'], needs: ['context', 'contextId', 'url'], takes: [] },
  workosEvents: { tokens: ['key'], needs: ['events'], takes: [] },
  docusignRegistrar: { tokens: ['token'], needs: ['accountId', 'api'], takes: [] },
  contentfulRegistrar: { tokens: ['token'], needs: ['space'], takes: [] },
  chargebeeRegistrar: { tokens: ['key'], needs: ['site'], takes: [] },
  asanaRegistrar: { tokens: ['token'], needs: ['workspace', 'resource'], takes: [] },
  linearRegistrar: { tokens: ['token'], needs: [], takes: ['team'] },
  hubspotRegistrar: { tokens: ['developerKey'], needs: ['appId'], takes: ['properties'] },
  adyenRegistrar: { tokens: ['key'], needs: ['merchant', 'api'], takes: [] },
  telegramRegistrar: { tokens: ['token'], needs: [], takes: [] },
  discordRegistrar: { tokens: ['token'], needs: [], takes: [] },
  lineRegistrar: { tokens: ['token'], needs: [], takes: [] },
} as const

/** Name of a function that makes a registrar or a source. */
export type MakerName = keyof typeof OPTIONS

/** Options of every registrar and source. */
export interface ApiOptions {
  /**
   * Base URL of the API, for proxies, regions and tests. With `http`, only a loopback address is allowed. @default the
   * sender's API
   */
  readonly api?: string
  /** Maximum duration of one request. @default '10s' */
  readonly timeout?: Duration
  /** Maximum total time that one call to the API waits before retries. @default '1m' */
  readonly patience?: Duration
  /** Function that sends the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch
  /** Waits before a retry, for a number of milliseconds. Replace it in tests. @default a timer */
  readonly wait?: (milliseconds: number) => Promise<void>
}

/** A token, or a function that returns the current token if tokens expire. */
export type Token = string | (() => string | Promise<string>)

const COMMON = ['api', 'timeout', 'patience', 'fetch', 'wait']

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

interface TokenReader {
  (): Promise<string>
  /** The tokens of earlier calls, so that they can be removed from messages. */
  readonly seen: () => readonly string[]
}

/** Reads the token at each call. `seen` has the last 20 tokens, because a message may repeat an earlier token. */
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

/** Throws a `TypeError` for a wrong URL of a receiver. Plans print the URL, so it must not have a password. */
export function checkUrl(option: string, url: string, scheme: RegExp = /^https?:$/): void {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !scheme.test(parsed.protocol))
    throw new TypeError(`${option}: must be an absolute https URL; give the receiver's public URL`)
  if (parsed.username !== '' || parsed.password !== '')
    throw new TypeError(
      `${option}: must carry no user name or password, since plans print it; use the secret of the sender`,
    )
}

/** Throws a `TypeError` unless the URL is https, or http to this machine. The result has no final slash. */
export function checkApi(title: string, api: string): string {
  const url = URL.canParse(api) ? new URL(api) : undefined
  const local = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url?.hostname ?? '')
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && local))
    throw new TypeError(`${title}: api: must be an https URL, since the token goes there`)
  return api.replace(/\/+$/, '')
}

/** Throws a `TypeError` for a duration above the maximum of a timer, which is about 24 days. */
export function checkTimer(value: Duration, option: string): number {
  const time = milliseconds(value, option)
  if (time < 2 ** 31) return time
  throw new TypeError(`${option}: must be at most 24 days, got ${value}`)
}
