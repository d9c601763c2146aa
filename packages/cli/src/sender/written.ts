import type { About } from '@postern/core/scheme'
import { inboxes, type InboxName } from '../inboxes.ts'
import { upper, variablesOf } from './sender.ts'

/** Matches options whose value belongs to one account. Such a value comes from the environment, as the secret does. */
const OF_ACCOUNT = /key$|token$|id$/i

const DAY = 86_400_000
/** Default of an inbox's `dedupeWindow` (for how long event ids are remembered), in milliseconds. */
const WINDOW = 4 * DAY

export function factoryOf(about: Pick<About, 'name'>): {
  readonly factory: string
  readonly from: string
} {
  return {
    factory: about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase()),
    from: `@postern/providers/${about.name.replaceAll('.', '-')}`,
  }
}

/** Provider of an app. If there is a gateway, the app verifies the gateway's signature instead of the provider's. */
export interface WrittenSender {
  readonly about: About
  readonly gateway?: About | undefined
}

export function senderImports({ about, gateway }: WrittenSender): readonly string[] {
  return [gateway, about].flatMap((one) => {
    if (one === undefined) return []
    const { factory, from } = factoryOf(one)
    return [`import { ${factory} } from '${from}'`]
  })
}

type Environment = 'process.env' | 'env'

/**
 * Returns the generated code of a receiver's option `provider`. Secrets and values of an account come from the
 * environment.
 */
export function providerCall(
  { about, gateway }: WrittenSender,
  environment: Environment,
): readonly string[] {
  if (!gateway) return ended(after('provider: ', factoryCall(about, environment)))
  const outer = factoryCall(gateway, environment)
  const inner = DECRYPTS.test(Object.keys(about.example).join(' '))
    ? factoryCall(about, environment)
    : [factoryOf(about).factory]
  const line = `provider: behind(${outer.join('')}, ${inner.join('')}),`
  if (outer.length + inner.length === 2 && line.length <= WIDTH) return [line]
  return ['provider: behind(', ...indented([...ended(outer), ...ended(inner)]), '),']
}

/** Returns the environment variables that generated code reads, the secret first. */
export function variablesIn(provider: readonly string[]): readonly string[] {
  return [...provider.join('\n').matchAll(/\benv\.(\w+)/g)].map(([, name]) => name!)
}

// Maximum length of a generated line, in characters, so that the line has at most 100 characters with its indentation.
const WIDTH = 98

/** Matches options whose keys decrypt bodies. An app needs these keys even behind a gateway. */
const DECRYPTS = /aeskey/i

function factoryCall(about: About, environment: Environment): readonly string[] {
  const { factory } = factoryOf(about)
  const given = Object.entries(about.example).map(([option, value]: [string, unknown]) => {
    const isSecret = option === about.secretOption
    if (!isSecret && !OF_ACCOUNT.test(option)) return `${option}: ${literal(value)}`
    const variable = isSecret ? variablesOf(about)[0] : `${upper(about.name)}_${upper(option)}`
    return `${option}: ${environment}.${variable}${environment === 'process.env' ? '!' : ''}`
  })
  if (given.length < 2) return [`${factory}({ ${given.join('')} })`]
  return [`${factory}({`, ...indented(given.map((one) => `${one},`)), '})']
}

/** Returns code that calls the provider's factory with an example secret, for tests. */
export function exampleCall({ about, gateway }: WrittenSender): string {
  const given = Object.entries((gateway ?? about).example).map(
    ([option, value]: [string, unknown]) => `${option}: ${literal(value)}`,
  )
  const call = `${factoryOf(gateway ?? about).factory}({ ${given.join(', ')} })`
  return gateway ? `behind(${call}, ${factoryOf(about).factory})` : call
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

function after(head: string, [first, ...lines]: readonly string[]): readonly string[] {
  return [head + first, ...lines]
}

function ended(lines: readonly string[]): readonly string[] {
  return [...lines.slice(0, -1), `${lines.at(-1)!},`]
}

/** Returns code that creates the inbox. The inbox remembers event ids at least as long as the provider redelivers. */
export function inboxCall(inbox: InboxName, { about, gateway }: WrittenSender): string {
  const { factory, place } = inboxes[inbox]
  const written =
    place &&
    (typeof place.written === 'string'
      ? `'${place.written}'`
      : `process.env.${place.written.variable}!`)
  const given = [...(place ? [`${place.option}: ${written}`] : []), windowOf(gateway ?? about)]
    .filter((one) => one !== '')
    .join(', ')
  return `${factory}(${given === '' ? '' : `{ ${given} }`})`
}

/**
 * Returns code for the inbox option `dedupeWindow` if the provider redelivers for longer than the default window.
 * Otherwise returns an empty string.
 */
export function windowOf({ retrySpan = 0 }: About): string {
  return retrySpan > WINDOW ? `dedupeWindow: '${Math.ceil(retrySpan / DAY)}d'` : ''
}

function literal(value: unknown): string {
  return typeof value === 'string' && !/['\n\\]/.test(value) ? `'${value}'` : JSON.stringify(value)
}
