/** What is wrong with a delivery, in facts. Messages are made from them; no code reads a message. */
export interface ErrorDetails {
  /** What is wrong, as one word of a closed list. */
  readonly problem: Problem
  /** The header at fault, in lower case. */
  readonly header?: string
  /** The query parameter at fault. */
  readonly parameter?: string
  /** The field at fault: of the body, or of what the header holds. */
  readonly field?: string
  /** The option of the receiver, the provider or the inbox that decided. */
  readonly option?: string
  /** The form or the values that are accepted. */
  readonly expected?: string
  /** What was received: a count, a length or a name. Never a secret, a signature or payload. */
  readonly got?: string | number
  /** The largest number that is accepted: of bytes, fields, levels or tasks, of milliseconds, or of seconds for signed times. */
  readonly limit?: number
  /** Seconds between the signed time and this clock. */
  readonly seconds?: number
  /** The way out, where the sender or host has one of its own. */
  readonly remedy?: string
  /** Bytes of the body that a signature was compared over. */
  readonly bytes?: number
  /** The first digits of its SHA-256: enough to compare it with the body that the sender shows. */
  readonly digest?: string
  /** The URL that a signature was compared over, without credentials and query. */
  readonly url?: string
  /** The text of another error: of a store, a look-up or an app's own code. */
  readonly text?: string
}

/** What is wrong with a delivery: a closed list. */
export type Problem =
  // what is missing, repeated or of the wrong form
  | 'missing'
  | 'blank'
  | 'repeated'
  | 'malformed'
  | 'wrong_prefix'
  | 'several'
  | 'too_many'
  | 'not_a_time'
  | 'not_allowed'
  | 'contradicts'
  | 'unexpected'
  // signatures
  | 'unsigned'
  | 'other_sender'
  | 'ambiguous'
  | 'differs'
  | 'odd_secret'
  | 'digest_differs'
  | 'public_key'
  | 'too_old'
  | 'too_early'
  | 'expired'
  | 'not_yet'
  | 'unknown_certificate'
  // secrets and what is fetched
  | 'no_secret'
  | 'look_up_failed'
  | 'look_up_bounded'
  | 'fetch_failed'
  | 'no_key_set'
  | 'package_missing'
  | 'package_broken'
  // the head
  | 'wrong_method'
  | 'wrong_coding'
  | 'wrong_host'
  | 'unknown_charset'
  | 'no_media_type'
  // the body on the wire
  | 'too_large'
  | 'too_slow'
  | 'aborted'
  | 'truncated'
  | 'consumed'
  | 'lossy'
  | 'buffers_full'
  | 'memory_full'
  // the body, parsed
  | 'too_complex'
  | 'too_deep'
  | 'too_many_fields'
  | 'inflated'
  | 'not_gzip'
  | 'not_json'
  | 'too_many_digits'
  | 'not_xml'
  | 'not_multipart'
  | 'undecryptable'
  | 'is_challenge'
  // events
  | 'no_event'
  | 'no_topic'
  | 'no_id'
  | 'other_id'
  | 'no_subscription'
  | 'guarded'
  | 'in_progress'
  | 'handlers_failed'
  | 'answer_failed'
  | 'no_subscriptions'
  // the inbox
  | 'full'
  | 'closed'
  | 'other'

const NAMES = [
  'problem',
  'header',
  'parameter',
  'field',
  'option',
  'expected',
  'got',
  'limit',
  'seconds',
  'remedy',
  'bytes',
  'url',
  'text',
] as const satisfies readonly (keyof ErrorDetails)[]

/** The facts of an error. The digest of a body stays away: it costs as much as a verification. */
export function factsOf(error: ErrorDetails): ErrorDetails {
  const told = NAMES.filter((name) => error[name] !== undefined).map((name) => [name, error[name]])
  return Object.fromEntries(told) as ErrorDetails
}
