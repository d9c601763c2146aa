import type { ParsedBody, Delivery, DeliveryInit, Format } from '../delivery.ts'
import type { WebhookError } from '../errors.ts'
import type { EventDraft, EventMap } from '../event.ts'
import type { LimitOptions } from '../limits.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'
import type { Covers, Credentials, SignableRequest } from './scheme.ts'

/**
 * Content codings that a provider declares, each with the bytes that are signed: `sent`, or `decoded` if the sender signs
 * the body before it compresses it. Magic bytes decide whether a body is coded, never its label.
 */
export interface Codings {
  readonly gzip?: 'sent' | 'decoded'
}

/** The answer to an unsigned challenge. */
export interface Greeting extends Reply {
  /**
   * Keeps what the challenge brought, such as a secret. The receiver runs it before it replies; `explain`, which also asks for
   * the answer, does not.
   */
  readonly keep?: () => MaybePromise<void>
}

/** Returns the time in milliseconds since 1970. */
export type Clock = () => number

/** The result of a verification. */
export interface Verified {
  /** The tenant or key that verified the delivery: events get it as their tenant. */
  readonly tenant?: string | undefined
  /** The scheme's key that matched, for signed handshakes whose answer is made with it. */
  readonly key?: unknown
}

/** How a delivery went, for {@link Provider.reply}. */
export type Result =
  | {
      readonly kind: 'accepted' | 'duplicate' | 'unhandled'
      readonly events: readonly EventDraft[]
    }
  | { readonly kind: 'rejected'; readonly error: WebhookError }

/** A delivery to be made and signed as the provider would: for tests, the CLI and examples. */
export interface Draft<Events extends EventMap = EventMap> {
  readonly topic?: keyof Events & string
  readonly id?: string
  /** The payload: it becomes the body, as JSON unless the provider sends another format. Merged deeply into the topic's sample. */
  readonly payload?: unknown
  /** The body itself, in place of `payload`. */
  readonly body?: string | Uint8Array
  /** @default 'POST' */
  readonly method?: string
  /** @default 'https://example.com/webhooks' */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Time of signing in milliseconds since 1970. @default now */
  readonly at?: number
  /** Signs with this secret in place of the provider's first one. */
  readonly secret?: string
}

// A method, so that a typed provider is assignable to Provider: topics are checked where `sign` is called.
type Sign<Events extends EventMap> = { sign(draft: Draft<Events>): SignableRequest }['sign']

/** Who sends. Made by a factory that takes the provider's own option names: `github({ secret })`. */
export interface Provider<Events extends EventMap = EventMap> {
  readonly name: string
  /** @default ['POST'] */
  readonly methods?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /** Names among `credentials` that hold a signature: a rejected delivery keeps them, for `explain`. @default none */
  readonly signatures?: readonly string[]
  /**
   * Names of the headers that this provider reads of a delivery, in lower case. A rejected delivery is kept with these,
   * and with those whose name ends with one of them, so that `explain` can find a renamed one. @default `claims` alone
   */
  readonly reads?: (delivery: Delivery) => readonly string[]
  /** Limits that the sender promises to keep; the receiver's own `limits` win. */
  readonly limits?: LimitOptions
  /** How long the sender delivers one event again, in milliseconds: dedupe windows must be at least as long. */
  readonly retrySpan?: number
  /** True if the sender takes a redirect for a failure, so that a 302 as ack is rejected at construction. */
  readonly failsOnRedirect?: boolean
  /** Some topics of this sender: a handler whose topic looks like a typo of one of them gets a warning at startup. @default none */
  readonly topics?: readonly string[]
  /**
   * Formats of this sender's bodies. If there is one, the body is read in it, whatever its label says. If there are
   * several, the signed bytes decide among them. @default ['json']
   */
  readonly formats?: readonly Format[]
  /**
   * `strict`: a Content-Type that contradicts the format is rejected with 415. It never chooses the format. The
   * receiver's `parsing.contentType` wins. @default 'ignore'
   */
  readonly contentType?: 'ignore' | 'strict'
  /** Decides the format if something signed next to the body names it (Twilio's `bodySHA256`). Undefined: `formats` decides. */
  readonly format?: (delivery: Delivery) => Format | undefined
  /** Content codings this sender uses, each with the bytes that are signed. @default {} */
  readonly codings?: Codings
  /** Charsets of this sender's texts and forms, in lower case; the first one is read if none was signed. @default ['utf-8'] */
  readonly charsets?: readonly string[]
  /** True if the signature of this delivery covers Content-Type and Content-Encoding: they then count. @default never, unless `covers.body` is 'none' */
  readonly labelled?: (delivery: Delivery) => boolean
  /** True if nothing is verified: the bounds of `limits.unverified` then hold for the whole line. */
  readonly unauthenticated?: boolean
  /** False if the sender never signs the same bytes twice on purpose, so that a repeat under another id is a replay. @default true */
  readonly repeats?: boolean
  /** False if no event of this sender has an id, so that `dedupe: 'id'` deduplicates nothing. @default true */
  readonly ids?: boolean
  /** The time that was signed next to the body, as it came. The digest of `dedupe: 'id+digest'` covers it. */
  readonly signedTime?: (delivery: Delivery) => string | undefined
  /** 'body' if unsigned greetings come as POST: at most 1 KiB of an unsigned body is then read for `greet`. @default 'head' */
  readonly greets?: 'head' | 'body'
  /**
   * The form of this sender's challenges: each string that `greet` or `handshake` echoes, decrypts or signs matches the
   * whole expression. No message that `sign` makes matches it.
   */
  readonly challenge?: RegExp
  /** The header in which a delivery claims the id of its event, for the history of what was rejected. In lower case. */
  readonly claims?: string
  /**
   * The only header that has the topic of an event, in lower case: `covers.topic` is false unless the scheme says that
   * it signs this header. `behind` derives from it what a gateway covers. @default the topic is in the body
   */
  readonly topicHeader?: string
  /**
   * Throws a `WebhookError` if the head alone condemns the delivery: a header of the signature is missing, or a token
   * or password is wrong. It reads no body, is always synchronous, and lets pass all that only `verify` can judge.
   */
  readonly admit?: (head: Delivery, clock: Clock) => void
  /** True if `admit` verifies the sender: a delivery that it lets pass is not a stranger's. @default false */
  readonly proves?: boolean
  /** Names that were trusted once, such as URLs of certificates: the receiver keeps them in its inbox's records. */
  readonly trusted?: readonly TrustedNames[]
  /** True if `greet`, `verify` or `events` reads XML whatever the content type says, so that the parser is loaded first. */
  readonly xml?: boolean
  /** The reply when an answer is late or fails, for senders that act on the reply (auth hooks). */
  readonly rejection?: Reply
  /** Throws a `WebhookError` if the delivery is not what the provider signed. */
  readonly verify: (delivery: Delivery, clock: Clock) => MaybePromise<Verified | void>
  /** Reads the events out of a verified delivery; none, one or several. */
  readonly events: (delivery: Delivery, body: ParsedBody) => readonly EventDraft[]
  /** Answers an unsigned challenge. It accepts nothing, signs nothing with the event key, and changes nothing but in `keep`. */
  readonly greet?: (delivery: Delivery, clock: Clock) => MaybePromise<Greeting | undefined>
  /** Answers a signed challenge. */
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
  ) => MaybePromise<Reply | undefined>
  /** The body, status or headers this sender needs; undefined leaves the reply to the receiver. */
  readonly reply?: (result: Result, delivery: Delivery) => Reply | undefined
  /**
   * The sender's own bytes and headers in the verified envelope of a gateway, for `behind`; undefined if this delivery has
   * no envelope. Absent if the body is always the sender's own.
   */
  readonly unwrap?: (
    delivery: Delivery,
    body: ParsedBody,
  ) => Required<Pick<DeliveryInit, 'body' | 'headers'>> | undefined
  /** The sender whose events a gateway delivers: `behind` sets it. */
  readonly inner?: Provider
  /** The providers that must each accept a delivery, in this order: `allOf` sets it. */
  readonly proofs?: readonly Provider[]
  /** Makes a delivery that `verify` accepts. Absent if only the sender has the signing key. */
  readonly sign?: Sign<Events>
  /** Carries the types of topics and payloads; absent at run time. */
  readonly types?: Events
}
