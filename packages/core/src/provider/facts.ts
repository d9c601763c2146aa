/** A fact that the sender's page does not state. */
export type Unknown = 'unknown'

/** How a sender delivers, as its own page states it. */
export interface Delivers {
  /** Time limit for the reply, in milliseconds. */
  readonly within: number | Unknown
  /** Size of its largest body, in bytes: the default of `limits.body`. */
  readonly largest: number | Unknown
  /** Time over which it redelivers one event, by itself or on request, in milliseconds; 0 if it never does. */
  readonly retries: number | Unknown
  /** How it treats a redirect. */
  readonly redirect: 'failure' | 'followed' | Unknown
  /** How it treats an event that got a 4xx. */
  readonly after4xx: 'retried' | 'dropped' | Unknown | (string & {})
  /** When it stops deliveries to the URL. */
  readonly givesUp: string
  /** The statuses that count as success, `2xx` or `200`. */
  readonly ok: string
  /** How it writes JSON: with line breaks and an indent, or without. */
  readonly json: 'compact' | 'indented' | Unknown
  /** Headers that it adds to a redelivery; empty if its page names none. */
  readonly retryHeaders: Readonly<Record<string, string>>
  /** Whether a redelivery has the id of the first delivery, or a new one. */
  readonly retryId: 'same' | 'new' | Unknown
  /** The page with these facts. */
  readonly source: string
}

/** Place of a signature or token. Undefined if nothing proves the sender. */
export type SignaturePlace =
  | { readonly header: string }
  | { readonly query: string }
  | { readonly field: string }

/**
 * A challenge of the sender, as data: a GET with these parameters or headers, or a POST with this JSON, signed if events are
 * signed. `{text}` is the expected reply, and `{option:verifyToken}` the value of an option of the provider.
 */
export interface SenderChallenge {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: object
}

/** Facts on a sender for people, tools and tests. */
export interface SenderFacts {
  /** The signed content, the algorithm and the encoding in words. @default the words of the scheme */
  readonly scheme?: string
  /** @default that of the scheme */
  readonly place?: SignaturePlace
  /**
   * Maximum difference of a signed time from now, in seconds, unless an option changes it; `none` if no time is signed.
   * @default that of the scheme
   */
  readonly tolerance?: number | 'none'
  /** Options of an example; it can sign if the provider can. @default the secret option with an example */
  readonly example?: object | undefined
  /** How it checks the ownership of the URL. @default it does not, or its answer cannot be known beforehand */
  readonly challenge?: SenderChallenge | undefined
  /** Day of the last comparison with the sender's page and libraries, as 2026-01-31. */
  readonly checked: string
  /** How it delivers; omit what the page does not state. The default of `source` is the page of the signatures. */
  readonly delivers: Partial<Delivers>
}

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
