import type { MaybePromise } from '@postern/core'
import type { Provider } from '@postern/core/scheme'

/** What the receiver under test starts with. */
export interface ReceiverStart {
  /**
   * A folder for one test: empty at the first start, the same at each start after it. The store belongs in it, or bears
   * its name; the steps of the handler are told by files in it (`createSteps`).
   */
  readonly folder: string
  /** The secret that deliveries are signed with. */
  readonly secret: string
}

/** A receiver under test that listens. */
export interface MountedReceiver {
  /** Where it takes deliveries. */
  readonly url: string
  /** Ends it as a deploy does. */
  stop(): MaybePromise<void>
  /** Ends it as `kill -9` does, and resolves when it is gone. Needed if it is `durable`. */
  kill?(): MaybePromise<void>
  /** All that it has written to its log, the lines before and after its end included. */
  log(): MaybePromise<string>
}

/** Starts the receiver under test, or starts it again on the store of its folder. */
export type MountReceiver = (start: ReceiverStart) => MaybePromise<MountedReceiver>

/** Ids of the events whose effect happened, in order: an id twice if its effect happened twice. */
export type ReadEffects = (start: ReceiverStart) => MaybePromise<readonly string[]>

/** What a receiver promises. What is not given is not tested. */
export interface ReceiverSkills {
  /** As in test titles. */
  readonly name: string
  /** What it acknowledged is done though its process dies: `mount` gives `kill`, and can start it again. @default false */
  readonly durable?: boolean
  /** An effect happens once though its process dies behind it. It must be `durable`. @default false */
  readonly exactlyOnce?: boolean
  /** Two processes can take deliveries on one store. @default false */
  readonly shared?: boolean
  /**
   * Who signs: any provider of Postern that can sign. Each delivery has an id of its own.
   * @default Standard Webhooks 1.0.0, `v1`
   */
  readonly sender?: (secret: string) => ReceiverSender
  /** Makes a secret, another one at each call. @default `whsec_` and 32 random bytes in base64 */
  readonly makeSecret?: () => string
  /** Seconds that a signed time may be away from now; deliveries of twice that age must be refused. @default 300 */
  readonly tolerance?: number
  /** Milliseconds to wait for an effect, or for a 2xx: longer than its leases and retries take. @default 15000 */
  readonly patience?: number
}

/** Who signs the deliveries of the suite: a provider fits. */
export type ReceiverSender = Pick<Provider, 'covers' | 'sign'>
