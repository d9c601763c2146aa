import type { ParsedBody, Delivery, DeliveryInit, Format } from '../delivery.ts'
import type { WebhookError } from '../errors.ts'
import type { EventDraft, EventMap } from '../event.ts'
import type { LimitOptions } from '../limits.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'
import type { Covers, Credentials, SignableRequest } from './scheme.ts'

/**
 * Content codings of a sender, each with the bytes that the sender signs: `sent` for the compressed bytes, `decoded`
 * for the body before compression. Whether a body is compressed is decided by its first bytes, never by the
 * Content-Encoding header.
 */
export interface Codings {
  readonly gzip?: 'sent' | 'decoded'
}

/** The reply to an unsigned challenge. */
export interface Greeting extends Reply {
  /**
   * Stores what the challenge contained, such as a secret. The receiver calls `keep` before it replies; `explain` never
   * calls `keep`.
   */
  readonly keep?: () => MaybePromise<void>
}

/** Returns the time in milliseconds since 1970. */
export type Clock = () => number

/** The result of a verification. */
export interface Verified {
  /** The tenant of the secret that verified the delivery. Events get this tenant. */
  readonly tenant?: string | undefined
  /** The key that matched. Some signed challenges need a reply that is made with this key. */
  readonly key?: unknown
}

/** The result of a delivery, for {@link Provider.reply}. */
export type Result =
  | {
      readonly kind: 'accepted' | 'duplicate' | 'unhandled'
      readonly events: readonly EventDraft[]
    }
  | { readonly kind: 'rejected'; readonly error: WebhookError }

/** A delivery to create and sign as the sender would, for tests, the CLI and examples. */
export interface Draft<Events extends EventMap = EventMap> {
  readonly topic?: keyof Events & string
  readonly id?: string
  /**
   * The payload, merged deeply into the sample payload of the topic. The result becomes the body, as JSON unless the
   * provider sends another format.
   */
  readonly payload?: unknown
  /** The body itself, instead of `payload`. */
  readonly body?: string | Uint8Array
  /** @default 'POST' */
  readonly method?: string
  /** @default 'https://example.com/webhooks' */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Time of signing, in milliseconds since 1970. @default now */
  readonly at?: number
  /** The secret to sign with, instead of the provider's first secret. */
  readonly secret?: string
}

// The type is written as a method, because method parameters are checked less strictly. So a provider with typed topics
// is assignable to `Provider`. Calls of `sign` still check the topic.
type Sign<Events extends EventMap> = { sign(draft: Draft<Events>): SignableRequest }['sign']

/**
 * The rules of one sender: how to verify, read and answer its deliveries. A factory creates a provider from options
 * that have the sender's own names: `github({ secret })`.
 */
export interface Provider<Events extends EventMap = EventMap> {
  readonly name: string
  /** @default ['POST'] */
  readonly methods?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /**
   * Names among `credentials` that contain a signature. Signatures of a rejected delivery are stored, for `explain`.
   * @default none
   */
  readonly signatures?: readonly string[]
  /**
   * Returns the names of the headers that this provider reads, in lower case. These headers of a rejected delivery are
   * stored, for `explain`. Headers whose name ends with a returned name are stored too, so that `explain` finds renamed
   * headers. @default only `claims`
   */
  readonly reads?: (delivery: Delivery) => readonly string[]
  /** Limits that the sender guarantees. The receiver's own `limits` take precedence. */
  readonly limits?: LimitOptions
  /** How long the sender redelivers one event, in milliseconds: deduplication windows must be at least as long. */
  readonly retrySpan?: number
  /** True if the sender counts a redirect as a failure. Then a receiver whose `ack` is 302 throws a `TypeError`. */
  readonly failsOnRedirect?: boolean
  /**
   * Some topics of this sender. If a handler's topic looks like a typo of a listed topic, a warning is logged at
   * startup. @default none
   */
  readonly topics?: readonly string[]
  /**
   * Formats of this sender's bodies. A single format is always used, whatever the Content-Type says. Among several
   * formats, the signed bytes decide.
   * @default ['json']
   */
  readonly formats?: readonly Format[]
  /**
   * `strict` rejects a delivery with 415 if its Content-Type contradicts the format. The Content-Type never chooses the
   * format. The receiver's `parsing.contentType` takes precedence.
   * @default 'ignore'
   */
  readonly contentType?: 'ignore' | 'strict'
  /**
   * Returns the body's format if a signed part of the request shows it (Twilio's `bodySHA256`). If the result is
   * undefined, `formats` decides.
   */
  readonly format?: (delivery: Delivery) => Format | undefined
  /** Content codings of this sender, each with the bytes that are signed. @default {} */
  readonly codings?: Codings
  /**
   * Charsets of this sender's texts and forms, in lower case. If no signed part names a charset, the first charset is
   * used.
   * @default ['utf-8']
   */
  readonly charsets?: readonly string[]
  /**
   * Returns true if the signature covers Content-Type and Content-Encoding. Only then are these two headers used.
   * @default true if `covers.body` is 'none', else false
   */
  readonly labelled?: (delivery: Delivery) => boolean
  /** True if the provider verifies nothing. Then `limits.unverified` applies to the whole delivery. */
  readonly unauthenticated?: boolean
  /**
   * True if the sender may sign the same bytes more than once. If false, the same bytes with another id are a replay.
   * @default true
   */
  readonly repeats?: boolean
  /**
   * False if events of this sender have no id. Then `dedupe: 'id'` deduplicates nothing.
   * @default true
   */
  readonly ids?: boolean
  /** Returns the signed time as text, which is part of the digest of `dedupe: 'id+digest'`. */
  readonly signedTime?: (delivery: Delivery) => string | undefined
  /**
   * 'body' if unsigned challenges are POST requests. Then at most 1 KiB of an unsigned body is read, for `greet`.
   * @default 'head'
   */
  readonly greets?: 'head' | 'body'
  /**
   * The form of this sender's challenges. Each string that `greet` or `handshake` echoes, decrypts or signs must match
   * the complete expression. Messages that `sign` makes must not match the expression, so that nobody can get a signed
   * event by sending a challenge.
   */
  readonly challenge?: RegExp
  /**
   * Name of the header with the unverified id of an event, in lower case. The history of rejected deliveries shows this
   * id.
   */
  readonly claims?: string
  /**
   * Name of the header with the topic, in lower case, if the topic is not in the body. Then `covers.topic` is false
   * unless the scheme signs this header. `behind` also treats such a topic as unsigned. @default the topic is in the
   * body
   */
  readonly topicHeader?: string
  /**
   * Throws a `WebhookError` if method, URL and headers are enough to reject the delivery, such as a missing signature
   * header or a wrong token. `admit` is synchronous and reads no body. `admit` does not throw for problems that only
   * `verify` can find.
   */
  readonly admit?: (head: Delivery, clock: Clock) => void
  /** True if `admit` alone verifies the sender. @default false */
  readonly proves?: boolean
  /**
   * Sets of names, such as key ids, with which a delivery was verified before. The receiver stores these names in its
   * inbox, so that they survive restarts.
   */
  readonly trusted?: readonly TrustedNames[]
  /**
   * True if `greet`, `verify` or `events` may parse XML, whatever the body's format. The XML parser is then loaded
   * before these functions run.
   */
  readonly xml?: boolean
  /** The reply if the app's `answer` function is late or fails, for senders that act on the reply (auth hooks). */
  readonly rejection?: Reply
  /** Throws a `WebhookError` if the delivery is not from the sender. */
  readonly verify: (delivery: Delivery, clock: Clock) => MaybePromise<Verified | void>
  /** Returns the events of a verified delivery: none, one or several. */
  readonly events: (delivery: Delivery, body: ParsedBody) => readonly EventDraft[]
  /**
   * Returns the reply to an unsigned challenge. `greet` accepts no events, signs nothing with the key of events, and
   * has no side effects except in `keep`.
   */
  readonly greet?: (delivery: Delivery, clock: Clock) => MaybePromise<Greeting | undefined>
  /** Returns the reply to a signed challenge. */
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
  ) => MaybePromise<Reply | undefined>
  /** Returns the reply that this sender needs; undefined for the receiver's default reply. */
  readonly reply?: (result: Result, delivery: Delivery) => Reply | undefined
  /**
   * Returns the sender's bytes and headers from the verified envelope of a gateway, for `behind`; undefined if this
   * delivery has no envelope. Omit `unwrap` if the gateway sends the sender's body unchanged.
   */
  readonly unwrap?: (
    delivery: Delivery,
    body: ParsedBody,
  ) => Required<Pick<DeliveryInit, 'body' | 'headers'>> | undefined
  /** The sender whose events a gateway delivers; set by `behind`. */
  readonly inner?: Provider
  /** The providers that must all accept a delivery, in this order; set by `allOf`. */
  readonly proofs?: readonly Provider[]
  /** Creates a delivery that `verify` accepts. Absent if only the sender has the signing key. */
  readonly sign?: Sign<Events>
  /** Type of topics and payloads; absent at run time. */
  readonly types?: Events
}
