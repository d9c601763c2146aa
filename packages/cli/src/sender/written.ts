import type { About } from '@postern/core/scheme'
import { type Environment, inboxes, type InboxName, type WrittenPlace } from '../inboxes.ts'
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

/** The lines of import for the factories of a sender. */
export function senderImports({ about, gateway }: WrittenSender): readonly string[] {
  return [gateway, about].flatMap((one) => {
    if (one === undefined) return []
    const { factory, from } = factoryOf(one)
    return [`import { ${factory} } from '${from}'`]
  })
}

/** The statements that make the receiver and subscribe its handlers. */
export function receiverLines(
  sender: WrittenSender,
  {
    inbox,
    isTyped,
    isNext,
    drains = false,
    subscribe,
  }: {
    readonly inbox: InboxName
    readonly isTyped: boolean
    readonly isNext: boolean
    /** True if nothing runs after the reply, so that a schedule runs the handlers. */
    readonly drains?: boolean
    readonly subscribe: readonly string[]
  },
): readonly string[] {
  const made = (...more: readonly string[]): readonly string[] => [
    'createReceiver({',
    ...indented([...providerCall(sender, isTyped), ...more]),
    '})',
  ]
  const kept = inboxCall(inbox, sender, isTyped)
  if (!isNext)
    return [
      ...after(
        'const receiver = ',
        made(
          `inbox: ${kept},`,
          ...(drains ? ["worker: 'onDemand', // cron runs the handlers"] : []),
        ),
      ),
      ...subscribe,
    ]
  return [
    '// One inbox and one receiver for all bundles, also after a hot reload; `next build` opens neither.',
    `const inbox = singleton('inbox', () => ${kept})`,
    `const receiver = hotReloadable('${sender.about.name}', () => {`,
    ...indented([...after('const receiver = ', made('inbox,')), ...subscribe, 'return receiver']),
    '})',
  ]
}

/** The option `provider` of a receiver: its secret and the values of one account come from the environment. */
export function providerCall(
  { about, gateway }: WrittenSender,
  isTyped: boolean,
  environment: Environment = 'process.env',
): readonly string[] {
  if (!gateway) return ended(after('provider: ', factoryCall(about, isTyped, environment)))
  const outer = factoryCall(gateway, isTyped, environment)
  const inner = DECRYPTS.test(Object.keys(about.example).join(' '))
    ? factoryCall(about, isTyped, environment)
    : [factoryOf(about).factory]
  const line = `provider: behind(${outer.join('')}, ${inner.join('')}),`
  if (outer.length + inner.length === 2 && line.length <= WIDTH) return [line]
  return ['provider: behind(', ...indented([...ended(outer), ...ended(inner)]), '),']
}

// With its indent, a line of the app has at most 100 characters.
const WIDTH = 98

/** What reads its bodies with keys of its own needs them behind a gateway too. */
const DECRYPTS = /aeskey/i

/** The call of a factory. */
function factoryCall(about: About, isTyped: boolean, environment: Environment): readonly string[] {
  const { factory } = factoryOf(about)
  const given = Object.entries(about.example).map(([option, value]: [string, unknown]) => {
    const isSecret = option === about.secretOption
    if (!isSecret && !OF_ACCOUNT.test(option)) return `${option}: ${literal(value)}`
    const variable = isSecret ? variablesOf(about)[0] : `${upper(about.name)}_${upper(option)}`
    return `${option}: ${environment}.${variable}${isTyped && environment === 'process.env' ? '!' : ''}`
  })
  if (given.length < 2) return [`${factory}({ ${given.join('')} })`]
  return [`${factory}({`, ...indented(given.map((one) => `${one},`)), '})']
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
export function inboxCall(
  inbox: InboxName,
  { about, gateway }: WrittenSender,
  isTyped: boolean,
): string {
  const { factory, place } = inboxes[inbox]
  const given = [
    ...(place ? [`${place.option}: ${writtenPlace(place.written, isTyped)}`] : []),
    windowOf(gateway ?? about),
  ]
    .filter((one) => one !== '')
    .join(', ')
  return `${factory}(${given === '' ? '' : `{ ${given} }`})`
}

/** The option `dedupeWindow` of an inbox, if the sender delivers again for longer than its default; else empty. */
export function windowOf({ retrySpan = 0 }: About): string {
  return retrySpan > WINDOW ? `dedupeWindow: '${Math.ceil(retrySpan / DAY)}d'` : ''
}

function writtenPlace(written: WrittenPlace, isTyped: boolean): string {
  return typeof written === 'string'
    ? `'${written}'`
    : `process.env.${written.variable}${isTyped ? '!' : ''}`
}

/** The line of import for an inbox alone. */
export function inboxImport(inbox: InboxName): string {
  const { factory, package: from } = inboxes[inbox]
  return `import { ${factory} } from '${from}'`
}

/** The lines of import for a receiver of that sender with that inbox. */
export function receiverImports(inbox: InboxName, { gateway }: WrittenSender): readonly string[] {
  const { factory, package: from } = inboxes[inbox]
  const names = [...(gateway ? ['behind'] : []), 'createReceiver']
  return from === '@postern/core'
    ? [`import { ${[...names, factory].join(', ')} } from '@postern/core'`]
    : [`import { ${names.join(', ')} } from '@postern/core'`, inboxImport(inbox)]
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}
