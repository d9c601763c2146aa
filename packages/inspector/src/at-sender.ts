import type { MaybePromise } from '@postern/core'

/** What a sender has for a receiver: the result of `registered()` of `@postern/registrar`. */
interface AtSender {
  readonly url: string
  readonly endpoints: readonly {
    readonly id: string
    readonly state: string
    /** Whether the sender still delivers there; undefined if its API does not say. */
    readonly delivering: boolean | undefined
  }[]
  /** What differs from the wanted, a sentence each. */
  readonly differs: readonly string[]
}

/** Asks the sender of a receiver what is registered there. */
export type AskSender = () => MaybePromise<AtSender>
