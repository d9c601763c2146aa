import type { Delivery } from '../delivery.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Factory } from './about.ts'
import type { Clock, Provider, Verified } from './provider.ts'
import type { Scheme } from './scheme.ts'
import type { SecretOption } from './secrets.ts'

/** How a provider was made: for tools that make it again, or ask why a delivery was rejected. It holds secrets. */
export interface Made {
  readonly factory: Factory<object>
  readonly options: object
  readonly scheme: Scheme
  /** The secret option as it was given; undefined if the keys are ready made, or nothing is authenticated. */
  readonly secret: SecretOption | undefined
  /** Verifies with these keys in place of those in force, all checks of the provider included. */
  verifyWith(keys: readonly unknown[], delivery: Delivery, clock: Clock): MaybePromise<Verified>
}

// A function is behind the symbol: printing it, or its JSON, shows no option. Spreading a provider keeps it.
const MADE: unique symbol = Symbol('postern.made')

/** What {@link madeOf} finds on a provider. */
interface Remembering {
  readonly [MADE]?: () => Made
}

/** The member that remembers how a provider was made. */
export function remember(made: Made): Remembering {
  return { [MADE]: () => made }
}

/** The member for a provider that was laid around another one: what is asked of that one is made again with it. */
export function madeAgain(provider: Provider, around: (again: Provider) => Provider): Remembering {
  const made = madeOf(provider)
  if (!made) return {}
  const factory = Object.assign((options: object) => around(made.factory(options)), {
    about: made.factory.about,
  })
  return remember({ ...made, factory: factory as Factory<object> })
}

/**
 * How a provider was made; undefined if `provider()` did not make it. It holds secrets: print nothing of it.
 *
 * @example const isRight = (key: unknown) => madeOf(provider)?.verifyWith([key], delivery, Date.now)
 */
export function madeOf(provider: Provider): Made | undefined {
  return (provider as Remembering)[MADE]?.()
}

/**
 * Makes a provider again with some of its options changed. Changes of the provider object itself are lost.
 *
 * @throws TypeError if `provider()` did not make it, or the factory rejects the options.
 *
 * @example
 * const staging = remake(square({ signatureKey }), { publicUrl: 'https://staging.example.com/square' })
 */
export function remake(provider: Provider, changes: object): Provider {
  const made = madeOf(provider)
  if (!made)
    throw new TypeError(`provider: ${provider.name} was not made by provider(); make it yourself`)
  return made.factory({ ...made.options, ...changes })
}
