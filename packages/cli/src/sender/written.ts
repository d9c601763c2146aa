import type { About } from '@postern/core/scheme'
import { inboxes, type InboxName } from '../inboxes.ts'
import { upper, variablesOf } from './sender.ts'

/** Names of options whose value is of one account: it comes from the environment, as the secret does. */
const OF_ACCOUNT = /key$|token$|id$/i

const DAY = 86_400_000
/** The default of an inbox's `dedupeWindow`, in milliseconds. */
const WINDOW = 4 * DAY

/** The factory of a sender and the module it is imported from. */
export function factoryOf(about: Pick<About, 'name'>): {
  readonly factory: string
  readonly from: string
} {
  return {
    factory: about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase()),
    from: `@postern/providers/${about.name.replaceAll('.', '-')}`,
  }
}

/** The sender of an app: by itself, or behind a gateway that verifies in its place. */
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

/** The object that holds the app's secrets in the code of a host. */
type Environment = 'process.env' | 'env'

/** The option `provider` of a receiver: its secret and the values of one account come from the environment. */
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

/** The variables that the lines of a provider read, its secret first. */
export function variablesIn(provider: readonly string[]): readonly string[] {
  return [...provider.join('\n').matchAll(/\benv\.(\w+)/g)].map(([, name]) => name!)
}

// With its indent, a line of the app has at most 100 characters.
const WIDTH = 98

/** A provider with its own keys for bodies needs them behind a gateway too. */
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

/** The call of a factory, for tests: its secret is an example of the form that the sender has. */
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

/** The call that makes the inbox, which knows ids for at least as long as a delivery comes again. */
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

/** The option `dedupeWindow` of an inbox, if the sender delivers again for longer than its default; else empty. */
export function windowOf({ retrySpan = 0 }: About): string {
  return retrySpan > WINDOW ? `dedupeWindow: '${Math.ceil(retrySpan / DAY)}d'` : ''
}

function literal(value: unknown): string {
  return typeof value === 'string' && !/['\n\\]/.test(value) ? `'${value}'` : JSON.stringify(value)
}
