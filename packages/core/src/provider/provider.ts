import type { ParsedBody, Delivery, DeliveryInit, Format } from '../delivery.ts'
import type { WebhookError } from '../errors.ts'
import type { EventDraft, EventMap } from '../event.ts'
import type { LimitOptions } from '../limits.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'
import type { Covers, Credentials, SignableRequest } from './scheme.ts'

/**
 * Content codings that a provider declares, each with the signed bytes: `sent`, or `decoded` if the sender signs the body
 * before it compresses it. Magic bytes decide whether a body is compressed, never its header.
 */
export interface Codings {
  readonly gzip?: 'sent' | 'decoded'
}

/** The reply to an unsigned challenge. */
export interface Greeting extends Reply {
  /**
   * Stores what the challenge contained, such as a secret. The receiver calls it before it replies; `explain` does not call
   * it.
   */
  readonly keep?: () => MaybePromise<void>
}

/** Returns the time in milliseconds since 1970. */
export type Clock = () => number

/** The result of a verification. */
export interface Verified {
  /** The tenant of the secret that verified the delivery: events get it as their tenant. */
  readonly tenant?: string | undefined
  /** The key that matched, for signed challenges whose reply is made with it. */
  readonly key?: unknown
}

/** The result of a delivery, for {@link Provider.reply}. */
export type Result =
  | {
      readonly kind: 'accepted' | 'duplicate' | 'unhandled'
      readonly events: readonly EventDraft[]
    }
  | { readonly kind: 'rejected'; readonly error: WebhookError }

/** A delivery to create and sign as the sender would: for tests, the CLI and examples. */
export interface Draft<Events extends EventMap = EventMap> {
  readonly topic?: keyof Events & string
  readonly id?: string
  /**
   * The payload, merged deeply into the topic's sample. It becomes the body, as JSON unless the provider sends another format.
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
  /** The secret to sign with, instead of the provider's first one. */
  readonly secret?: string
}

// A method, so that a typed provider is assignable to Provider: topics are checked where `sign` is called.
type Sign<Events extends EventMap> = { sign(draft: Draft<Events>): SignableRequest }['sign']

/** The sender. A factory creates it from options with the sender's own names: `github({ secret })`. */
export interface Provider<Events extends EventMap = EventMap> {
  readonly name: string
  /** @default ['POST'] */
  readonly methods?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /** Names among `credentials` that contain a signature. They are kept of a rejected delivery, for `explain`. @default none */
  readonly signatures?: readonly string[]
  /**
   * Returns the names of the headers that this provider reads, in lower case. They are kept of a rejected delivery. So are
   * headers whose name ends with one of them, so that `explain` finds renamed ones. @default `claims` alone
   */
  readonly reads?: (delivery: Delivery) => readonly string[]
  /** Limits that the sender guarantees; the receiver's own `limits` take precedence. */
  readonly limits?: LimitOptions
  /** How long the sender redelivers one event, in milliseconds: deduplication windows must be at least as long. */
  readonly retrySpan?: number
  /** True if the sender counts a redirect as a failure, so that a 302 as `ack` is a `TypeError`. */
  readonly failsOnRedirect?: boolean
  /**
   * Some topics of this sender. A handler whose topic looks like a typo of one of them causes a warning at startup. @default
   * none
   */
  readonly topics?: readonly string[]
  /**
   * Formats of this sender's bodies. A single format is always used, whatever the Content-Type says. Among several, the signed
   * bytes decide. @default ['json']
   */
  readonly formats?: readonly Format[]
  /**
   * `strict` rejects a Content-Type that contradicts the format with 415. It never chooses the format. The receiver's
   * `parsing.contentType` takes precedence. @default 'ignore'
   */
  readonly contentType?: 'ignore' | 'strict'
  /** Returns the format if a signed part of the request names it (Twilio's `bodySHA256`); undefined lets `formats` decide. */
  readonly format?: (delivery: Delivery) => Format | undefined
  /** Content codings of this sender, each with the signed bytes. @default {} */
  readonly codings?: Codings
  /** Charsets of this sender's texts and forms, in lower case. The first is used if none is signed. @default ['utf-8'] */
  readonly charsets?: readonly string[]
  /**
   * Returns true if the signature covers Content-Type and Content-Encoding, so that they are used. @default never, unless
   * `covers.body` is 'none'
   */
  readonly labelled?: (delivery: Delivery) => boolean
  /** True if nothing is verified: `limits.unverified` then apply to all steps. */
  readonly unauthenticated?: boolean
  /**
   * False if the sender never intentionally signs the same bytes twice, so that a repeat with another id is a replay. @default
   * true
   */
  readonly repeats?: boolean
  /** False if events of this sender have no id, so that `dedupe: 'id'` deduplicates nothing. @default true */
  readonly ids?: boolean
  /** Returns the signed time as text. The digest of `dedupe: 'id+digest'` covers it. */
  readonly signedTime?: (delivery: Delivery) => string | undefined
  /** 'body' if unsigned challenges come as POST: then at most 1 KiB of an unsigned body is read for `greet`. @default 'head' */
  readonly greets?: 'head' | 'body'
  /**
   * The form of this sender's challenges: each string that `greet` or `handshake` echoes, decrypts or signs matches the
   * complete expression. No message that `sign` makes matches it.
   */
  readonly challenge?: RegExp
  /** The header that claims the id of an event, for the history of rejected deliveries. In lower case. */
  readonly claims?: string
  /**
   * The header with the topic, in lower case, if the body does not contain it. `covers.topic` is then false unless the scheme
   * signs this header. `behind` uses it for what a gateway covers. @default the topic is in the body
   */
  readonly topicHeader?: string
  /**
   * Throws a `WebhookError` if the head is sufficient to reject the delivery: a header of the signature is missing, or a token
   * or password is wrong. It is synchronous, reads no body, and accepts everything that only `verify` can judge.
   */
  readonly admit?: (head: Delivery, clock: Clock) => void
  /** True if `admit` alone verifies the sender. @default false */
  readonly proves?: boolean
  /** Names that were trusted before, such as URLs of certificates. The receiver stores them in its inbox's records. */
  readonly trusted?: readonly TrustedNames[]
  /** True if `greet`, `verify` or `events` parses XML in any format, so that the parser is loaded first. */
  readonly xml?: boolean
  /** The reply if an answer is late or fails, for senders that act on the reply (auth hooks). */
  readonly rejection?: Reply
  /** Throws a `WebhookError` if the provider did not sign the delivery. */
  readonly verify: (delivery: Delivery, clock: Clock) => MaybePromise<Verified | void>
  /** Returns the events of a verified delivery: none, one or several. */
  readonly events: (delivery: Delivery, body: ParsedBody) => readonly EventDraft[]
  /**
   * Returns the reply to an unsigned challenge. It accepts nothing, signs nothing with the event key, and changes nothing
   * except in `keep`.
   */
  readonly greet?: (delivery: Delivery, clock: Clock) => MaybePromise<Greeting | undefined>
  /** Returns the reply to a signed challenge. */
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
  ) => MaybePromise<Reply | undefined>
  /** Returns the reply that this sender needs; undefined for the receiver's own. */
  readonly reply?: (result: Result, delivery: Delivery) => Reply | undefined
  /**
   * Returns the sender's own bytes and headers in the verified envelope of a gateway, for `behind`; undefined if this delivery
   * has no envelope. Absent if the body is always the sender's own.
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
