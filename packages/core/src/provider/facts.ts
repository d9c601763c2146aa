/** A fact that the sender's page does not state. */
export type Unknown = 'unknown'

/** How a sender delivers, as the sender's own page states it. */
export interface Delivers {
  /** Time limit for the reply, in milliseconds. */
  readonly within: number | Unknown
  /** Size of the sender's largest body, in bytes: the default of `limits.body`. */
  readonly largest: number | Unknown
  /**
   * How long the sender redelivers one event, automatically or on request, in milliseconds; 0 if the sender never
   * redelivers.
   */
  readonly retries: number | Unknown
  /** How the sender treats a redirect. */
  readonly redirect: 'failure' | 'followed' | Unknown
  /** What the sender does with an event after a reply with a 4xx status. */
  readonly after4xx: 'retried' | 'dropped' | Unknown | (string & {})
  /** When the sender stops all deliveries to the URL. */
  readonly givesUp: string
  /** The statuses that count as success, `2xx` or `200`. */
  readonly ok: string
  /** How the sender writes JSON: with line breaks and an indent, or without. */
  readonly json: 'compact' | 'indented' | Unknown
  /** Headers that the sender adds to a redelivery; empty if the sender's page names none. */
  readonly retryHeaders: Readonly<Record<string, string>>
  /** Whether a redelivery has the same id as the first delivery, or a new id. */
  readonly retryId: 'same' | 'new' | Unknown
  /** URL of the page with these facts. */
  readonly source: string
}

/** Place of a signature or token in a delivery. */
export type SignaturePlace =
  | { readonly header: string }
  | { readonly query: string }
  | { readonly field: string }

/**
 * A sender's check that the URL is yours, as data: a GET with these parameters or headers, or a POST with this JSON.
 * The POST is signed if events are signed. `{text}` is replaced by the text of the challenge, from which the reply is
 * made. `{option:verifyToken}` is replaced by the value of the provider's option `verifyToken`.
 */
export interface SenderChallenge {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: object
}

/** Facts about a sender, for people, tools and tests. */
export interface SenderFacts {
  /** The signed content, the algorithm and the encoding in words. @default `words` of the scheme */
  readonly scheme?: string
  /** Place of the signature or token. @default as the scheme says */
  readonly place?: SignaturePlace
  /**
   * Maximum difference of a signed time from now, in seconds, unless an option changes this maximum; `none` if no time
   * is signed.
   * @default as the scheme says
   */
  readonly tolerance?: number | 'none'
  /** Options of an example provider. @default the secret option with an example secret */
  readonly example?: object | undefined
  /**
   * How the sender checks the ownership of the URL. @default the sender has no check, or the reply cannot be described
   * as data
   */
  readonly challenge?: SenderChallenge | undefined
  /** Day of the last comparison with the sender's page and libraries, as 2026-01-31. */
  readonly checked: string
  /**
   * How the sender delivers; omit what the sender's page does not state. `source` defaults to the page about
   * signatures.
   */
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
