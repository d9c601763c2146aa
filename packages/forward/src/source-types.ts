import type { Duration, Json, Observer, Receiver } from '@postern/core'
import type { Changed, Host, Inbox, ReplayOptions, TaskFilter, TaskInfo } from '@postern/core/inbox'
import type { CallOptions } from './options.ts'
import type { KeyOption } from '@postern/core/engine'

/** Options of `createSender`. */
export interface SourceOptions extends CallOptions {
  /** Unique among the receivers and sources of its inbox, and stable over restarts. */
  readonly name: string
  /** Stores messages until they are delivered, and destinations: an inbox that has `records`. */
  readonly inbox: Inbox
  /** Key that encrypts the stored signing secrets of destinations. */
  readonly key: KeyOption
  /** The kind of secret for a destination without its own: HMAC, or an Ed25519 key pair. @default 'v1' */
  readonly sign?: 'v1' | 'v1a'
  /** Called when a destination answered 410; it gets no more messages until it is registered again, with `replace`. */
  readonly onGone?: (destination: RegisteredDestination) => unknown
  /** Observers in addition to the logger. */
  readonly observers?: readonly Observer[]
  /** The logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /** False if another process delivers (`source.startWorker()` there). @default true */
  readonly worker?: boolean
}

/** A destination to be registered. */
export interface Registration {
  readonly url: string | URL
  /** Topics it wants: names or patterns, as those of `receiver.on`. */
  readonly topics: string | readonly string[]
  /** Its own name. One that is taken is rejected, since a customer may have chosen it. @default a new one */
  readonly id?: string
  /** `whsec_<base64>` or `whsk_<base64>`. @default a new one */
  readonly secret?: string
  /**
   * True changes the destination that has this id, if there is one: it gets this URL, these topics and another secret. At
   * the same URL messages are signed with the old secret too, for a day. @default false
   */
  readonly replace?: boolean
}

/** A destination as it is registered, without its secrets. */
export interface RegisteredDestination {
  readonly id: string
  readonly url: string
  readonly topics: readonly string[]
  /** When it answered 410, in milliseconds since 1970. */
  readonly gone: number | undefined
}

/** The data that the receiver of messages needs. */
export interface DestinationCredentials {
  readonly id: string
  /** The key to verify signatures: a shared secret `whsec_…`, or a public key `whpk_…`. */
  readonly secret: string
}

/** A message to be sent. */
export interface Message {
  readonly topic: string
  /** A JSON value; the body is `{ type: topic, timestamp, data: payload }`. */
  readonly payload: unknown
  /** Its own id, `webhook-id` to all destinations: of two messages with one id, the second is dropped. @default a new one */
  readonly id?: string
  /** Only to these of the destinations that want the topic. @default to all of them */
  readonly to?: string | readonly string[]
}

/** Sends webhooks. */
export interface WebhookSource {
  readonly name: string
  /**
   * Adds a destination, or changes it with `replace`, and resolves with its key to verify signatures. Throws
   * {@link DestinationRejected} for a URL that may not be called, and for an id that is taken.
   */
  register(registration: Registration): Promise<DestinationCredentials>
  /** Gives a destination a new secret; until the overlap is over, messages are signed with the old one too. */
  rotate(
    id: string,
    options?: {
      /** @default a new one */
      readonly secret?: string
      /** @default '24h' */
      readonly overlap?: Duration
    },
  ): Promise<DestinationCredentials>
  /** Forgets a destination: its waiting messages are given up. False if there was none. */
  unregister(id: string): Promise<boolean>
  destinations(): Promise<readonly RegisteredDestination[]>
  /**
   * Resolves when the message is stored; from then on it will be delivered. Rejects with the `WebhookError` of an inbox
   * that is full or down. `host` may be `inTransaction(connection)` of the package the inbox is from, @postern/sqlite or
   * @postern/postgres: the message is then committed with that transaction or not at all.
   */
  emit(message: Message, host?: Host): Promise<{ readonly id: string; readonly known: boolean }>
  /** Called when a message to a destination was given up. */
  onDead: (listener: Parameters<Receiver['onDead']>[0]) => void
  /** Makes dead tasks pending again; resolves with their number. */
  replay(filter?: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Messages to send, one task for each destination. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /** Starts to deliver in this process, after `worker: false`. */
  startWorker(): Promise<void>
  /** Takes no more messages, lets running calls end and leaves the rest pending. The inbox stays open. */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

/** A stored destination. */
export type KeptDestination = {
  readonly url: string
  readonly topics: readonly string[]
  readonly secrets: readonly KeptSecret[]
  readonly gone?: number
} & { readonly [key: string]: Json | undefined }

/** A stored secret: sealed, from the newest to the oldest. */
export type KeptSecret = {
  readonly sealed: string
  /** When it stops to sign, in milliseconds since 1970. */
  readonly until?: number
}
