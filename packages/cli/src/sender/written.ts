import type { About } from '@postern/core/scheme'
import type { Environment } from '../host-row.ts'
import { inboxes, type InboxName, type WrittenPlace } from '../inboxes.ts'
import { upper, variablesOf } from './sender.ts'

/** Names of options whose value is of one account: it comes from the environment, as the secret does. */
const OF_ACCOUNT = /key$|token$|id$/i

const DAY = 86_400_000
/** The default of an inbox's `window`, in milliseconds. */
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

/** The statements that make the receiver and subscribe its handlers. */
export function receiverLines(
  about: About,
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
    ...indented([...providerCall(about, isTyped), ...more]),
    '})',
  ]
  const kept = inboxCall(inbox, about, isTyped)
  if (!isNext)
    return [
      ...after(
        'const receiver = ',
        made(`inbox: ${kept},`, ...(drains ? ["work: 'drain', // cron runs the handlers"] : [])),
      ),
      ...subscribe,
    ]
  return [
    '// One inbox and one receiver for all bundles, also after a hot reload; `next build` opens neither.',
    `const inbox = persistent('inbox', () => ${kept})`,
    `const receiver = reloadable('${about.name}', () => {`,
    ...indented([...after('const receiver = ', made('inbox,')), ...subscribe, 'return receiver']),
    '})',
  ]
}

/** The option `provider` of a receiver: its secret and the values of one account come from the environment. */
export function providerCall(
  about: About,
  isTyped: boolean,
  environment: Environment = 'process.env',
): readonly string[] {
  const { factory } = factoryOf(about)
  const given = Object.entries(about.example).map(([option, value]: [string, unknown]) => {
    const isSecret = option === about.secretOption
    if (!isSecret && !OF_ACCOUNT.test(option)) return `${option}: ${literal(value)}`
    const variable = isSecret ? variablesOf(about)[0] : `${upper(about.name)}_${upper(option)}`
    return `${option}: ${environment}.${variable}${isTyped && environment === 'process.env' ? '!' : ''}`
  })
  if (given.length < 2) return [`provider: ${factory}({ ${given.join('')} }),`]
  return [`provider: ${factory}({`, ...indented(given.map((one) => `${one},`)), '}),']
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

function after(head: string, [first, ...lines]: readonly string[]): readonly string[] {
  return [head + first, ...lines]
}

/** The call that makes the inbox, which knows ids for at least as long as the sender delivers again. */
export function inboxCall(inbox: InboxName, about: About, isTyped: boolean): string {
  const { factory, place } = inboxes[inbox]
  const given = [
    ...(place ? [`${place.option}: ${writtenPlace(place.written, isTyped)}`] : []),
    windowOf(about),
  ]
    .filter((one) => one !== '')
    .join(', ')
  return `${factory}(${given === '' ? '' : `{ ${given} }`})`
}

/** The option `window` of an inbox, if the sender delivers again for longer than its default; else empty. */
export function windowOf({ retrySpan = 0 }: About): string {
  return retrySpan > WINDOW ? `window: '${Math.ceil(retrySpan / DAY)}d'` : ''
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

/** The lines of import for a receiver with that inbox. */
export function receiverImports(inbox: InboxName): readonly string[] {
  const { factory, package: from } = inboxes[inbox]
  return from === '@postern/core'
    ? [`import { createReceiver, ${factory} } from '@postern/core'`]
    : ["import { createReceiver } from '@postern/core'", inboxImport(inbox)]
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}
