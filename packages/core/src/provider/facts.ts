/** What the page of a sender could say and does not. */
export type Unknown = 'unknown'

/** How a sender delivers, as far as its own page says. */
export interface Delivers {
  /** Milliseconds within which it wants its answer. */
  readonly within: number | Unknown
  /** Bytes of its largest body: the receiver's limit, unless its options say more or less. */
  readonly largest: number | Unknown
  /** Milliseconds over which it delivers one event again, by itself or if asked; 0 if it never does. */
  readonly retries: number | Unknown
  /** What a redirect is to it. */
  readonly redirect: 'failure' | 'followed' | Unknown
  /** What it does with an event that got a 4xx. */
  readonly after4xx: 'retried' | 'dropped' | Unknown | (string & {})
  /** When it stops to deliver to the URL at all. */
  readonly givesUp: string
  /** The answers that are not failure, `2xx` or `200`. */
  readonly ok: string
  /** How it writes JSON: with line breaks and an indent, or without. */
  readonly json: 'compact' | 'indented' | Unknown
  /** Headers that it adds when it delivers again; none if its page names none. */
  readonly retryHeaders: Readonly<Record<string, string>>
  /** Whether a retry has the id of the first delivery, or one of its own. */
  readonly retryId: 'same' | 'new' | Unknown
  /** The page that was read. */
  readonly source: string
}

/** Where a signature lies, or the token in its place. Absent if nothing proves the sender. */
export type SignaturePlace =
  | { readonly header: string }
  | { readonly query: string }
  | { readonly field: string }

/**
 * A challenge of the sender, as data: a GET with these parameters or headers, or a POST with that JSON, signed if events are.
 * `{text}` is what it must get back, and `{option:verifyToken}` the value of an option of the provider.
 */
export interface SenderChallenge {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: object
}

/** What documentation says of a sender, once, for people, tools and tests. */
export interface SenderFacts {
  /** What is signed, by which algorithm, written how. @default the words of the scheme */
  readonly scheme?: string
  /** @default that of the scheme */
  readonly place?: SignaturePlace
  /** Seconds that a signed time may be away from now, unless an option says so; `none` if nothing is dated. @default that of the scheme */
  readonly tolerance?: number | 'none'
  /** Options that make a provider; one that signs, if the provider can. @default the secret option with an example */
  readonly example?: object | undefined
  /** How it asks whether the URL is the app's. @default it does not, or its answer cannot be known beforehand */
  readonly challenge?: SenderChallenge | undefined
  /** The day on which the sender's page and libraries were last compared, as 2026-01-31. */
  readonly checked: string
  /** What the page does not state is `unknown`; `source` is the page of the sender's signatures, if it is left out. */
  readonly delivers: Partial<Delivers>
}

/** All that may be said of deliveries: what is not said is unknown. */
export function deliversOf(source: string, said: Partial<Delivers> = {}): Delivers {
  return {
    within: 'unknown',
    largest: 'unknown',
    retries: 'unknown',
    redirect: 'unknown',
    after4xx: 'unknown',
    givesUp: 'unknown',
    ok: 'unknown',
    json: 'unknown',
    retryHeaders: {},
    retryId: 'unknown',
    source,
    ...said,
  }
}
