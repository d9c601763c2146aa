import { kindOf, unknownOptions } from '../basics/unknown-options.ts'
import { soon } from '../basics/deadline.ts'

interface Made {
  turns: number
  counted: boolean
  called: boolean
}

// Handlers that are made while requests come are made in many turns of the event loop; those of an app, in one or two.
const TURNS = 3

const known = new WeakMap<object, Made>()

/**
 * For adapters on Node.js: notes that a handler of the receiver was made. In the third turn of the event loop without any of
 * them called it warns, once: `(request, response) => webhook(receiver)` makes a handler for each request, and takes none.
 * `remedy` says how the handler is mounted. Returns the function that says that one was called.
 *
 * @example
 * const called = handlerMade(receiver, 'give it to the route')
 * return (request) => (called(), receiver.fetch(request))
 */
export function handlerMade(receiver: object, remedy: string): () => void {
  const made = known.get(receiver) ?? { turns: 0, counted: false, called: false }
  known.set(receiver, made)
  if (!made.called && !made.counted) {
    made.counted = true
    soon(() => void (made.counted = false))
    if (++made.turns === TURNS)
      warn(`route handlers were created from the receiver, but none was ever called: ${remedy}`)
  }
  return () => void (made.called = true)
}

function warn(message: string): void {
  const { process } = globalThis as unknown as { process: Pick<NodeJS.Process, 'emitWarning'> }
  process.emitWarning(message, 'PosternWarning')
}

const FUNCTIONS = ['context', 'transaction', 'after'] as const

/**
 * Checks what an adapter's `webhook` gets. Throws a `TypeError` that names the argument, or the option.
 *
 * @example
 * checkMounting(receiver, options, ['context', 'publicBase'])
 */
export function checkMounting(receiver: unknown, options: object, known: readonly string[]): void {
  const { fetch, limits, verify, method } = Object(receiver) as Readonly<Record<string, unknown>>
  const isMade = typeof fetch === 'function' || typeof Object(limits).time === 'number'
  if (typeof receiver !== 'object' || receiver === null || verify !== undefined || !isMade) {
    const [got, remedy] =
      typeof verify === 'function'
        ? ['a provider', 'give it webhook(createReceiver({ provider }))']
        : typeof method === 'string'
          ? ['a request', 'call webhook(receiver), and give the route what it returns']
          : [kindOf(receiver), 'give it that']
    throw new TypeError(
      `webhook: receiver must be what createReceiver() returns, got ${got}; ${remedy}`,
    )
  }
  unknownOptions('webhook', options, known)
  for (const name of FUNCTIONS) {
    const value = (options as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`webhook: ${name} must be a function, got ${kindOf(value)}`)
  }
}
