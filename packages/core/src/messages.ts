/**
 * The facts about what is wrong with a delivery. Messages for people are made from the facts; code reads only the
 * facts.
 */
export interface ErrorDetails {
  /** The kind of problem. */
  readonly problem: Problem
  /** The header at fault, in lower case. */
  readonly header?: string
  /** The query parameter at fault. */
  readonly parameter?: string
  /** The field at fault, in the body or in a header. */
  readonly field?: string
  /** The option that caused the rejection. */
  readonly option?: string
  /** The expected form or values. */
  readonly expected?: string
  /** The received count, length or name. Never contains a secret, a signature or payload. */
  readonly got?: string | number
  /**
   * The exceeded maximum: a number of bytes, fields, levels or tasks, or a time. A time is in milliseconds, but a
   * signed time is in seconds.
   */
  readonly limit?: number
  /** Number of seconds between the signed time and the clock of this machine. */
  readonly seconds?: number
  /** How to fix the problem, if this sender or platform needs a special fix. */
  readonly remedy?: string
  /** Size of the body that the signature was checked against, in bytes. */
  readonly bytes?: number
  /** The first digits of the body's SHA-256, to compare with the body that the sender shows. */
  readonly digest?: string
  /** The URL that the signature was checked against, without credentials and query. */
  readonly url?: string
  /** The text of an error from a store, a look-up or the app's code. */
  readonly text?: string
}

type Told = Omit<ErrorDetails, 'problem'>

const RAISE = '; raise the limit if the sender needs more'

/**
 * For each problem, the function that makes its message for people. Programs must read the facts, not the messages.
 */
export const MESSAGES = {
  // messages about missing, repeated or malformed parts
  missing: (f: Told): string =>
    `${at(f)} is missing${f.expected === undefined ? '' : `, expected ${f.expected}`}`,
  blank: (f: Told): string => `${at(f)} is blank`,
  repeated: (f: Told): string => `${at(f)} was sent ${f.got} times; expected exactly one`,
  malformed: (f: Told): string => `${at(f)} is not ${f.expected}`,
  wrong_prefix: (f: Told): string => `${at(f)} does not start with ${f.expected}`,
  several: (f: Told): string => `${at(f)} has more than one value; expected ${f.expected}`,
  too_many: (f: Told): string => `${at(f)} has more than ${f.limit} ${f.expected ?? 'values'}`,
  not_a_time: (f: Told): string => `${at(f)} is not ${f.expected ?? 'a time'}`,
  not_allowed: (f: Told): string => `${at(f)} is not ${f.expected}`,
  contradicts: (f: Told): string => `${at(f)} does not match ${f.expected}`,
  unexpected: (f: Told): string => `unexpected ${at(f)}: ${f.option} is not set up to accept it`,
  // messages about signatures
  unsigned: (): string => 'the delivery is not signed',
  other_sender: (f: Told): string =>
    `${at(f)} is missing, but ${f.got} is present${f.remedy === undefined ? ": is this another sender's delivery?" : ''}`,
  ambiguous: (f: Told): string =>
    `${at(f)} is valid for two different messages, so the delivery was rejected`,
  differs: (f: Told): string =>
    `${f.header ?? at(f)} does not match ${f.got === 1 ? 'the secret' : `any of the ${f.got} secrets`}${over(f)}`,
  odd_secret: (f: Told): string =>
    `${f.text}. The secret has whitespace or quotes around it; remove them unless they are part of it`,
  digest_differs: (f: Told): string =>
    `${at(f)} does not match the body, so the body was changed on the way`,
  public_key: (f: Told): string => `${at(f)} was signed with ${f.got}, which is publicly known`,
  too_old: (f: Told): string =>
    `signed ${f.seconds} s ago, tolerance is ${f.limit} s: a replay, a slow queue in front, or a wrong clock`,
  too_early: (f: Told): string =>
    `signed ${f.seconds} s ahead of this clock, tolerance is ${f.limit} s; check the clocks`,
  expired: (): string => 'the signature has expired',
  not_yet: (): string => 'the signature was created in the future; check the clocks',
  unknown_certificate: (f: Told): string => `the certificate is not trusted: ${f.text}`,
  // messages about secrets and look-ups
  no_secret: (f: Told): string => `${f.option} found no secret for this delivery`,
  look_up_failed: (f: Told): string => `${f.option} failed: ${f.text}`,
  look_up_bounded: (): string =>
    'too many key or tenant lookups are running; the sender was asked to retry',
  fetch_failed: (f: Told): string => `fetching from ${f.got} failed: ${f.text}`,
  no_key_set: (f: Told): string => `the response from ${f.got} is not a JSON Web Key Set`,
  package_missing: (f: Told): string =>
    `the package ${f.got} cannot be loaded; run npm install ${f.got}`,
  package_broken: (f: Told): string => `the package ${f.got} cannot be loaded here: ${f.text}`,
  // messages about method and headers
  wrong_method: (f: Told): string => `method ${f.got} is not allowed; expected ${f.expected}`,
  wrong_coding: (f: Told): string => `the Content-Encoding must be ${f.expected}`,
  wrong_host: (): string => 'the Host header is not a valid host',
  unknown_charset: (): string => 'the charset in the Content-Type header is not known',
  no_media_type: (): string => 'the Content-Type header is not a valid media type',
  // messages about the body before parsing
  too_large: (f: Told): string =>
    f.option === undefined
      ? `the body is larger than ${f.limit} bytes`
      : f.got === undefined
        ? `the body is larger than ${f.option} of ${f.limit} bytes${RAISE}`
        : `content-length is ${f.got} bytes, ${f.option} is ${f.limit}${RAISE}`,
  too_slow: (f: Told): string =>
    `the body did not arrive within ${f.option} (${f.limit} ms); raise the limit if the sender needs longer`,
  aborted: (): string => 'the connection ended before the body was complete',
  truncated: (f: Told): string => `got ${f.got} bytes of body, content-length is ${f.expected}`,
  consumed: (): string => 'the body was already read before the receiver got it',
  lossy: (f: Told): string =>
    `${f.got}, content-length is ${f.expected ?? 'absent'}: the bytes may differ from what the sender signed`,
  buffers_full: (f: Told): string =>
    `request bodies in progress exceed ${f.option}; raise it, or check whether a sender is flooding you`,
  memory_full: (): string =>
    'deliveries in progress use a fifth of the free memory; raise --max-old-space-size or add memory, or check whether a sender is flooding you',
  // messages about the parsed body
  too_complex: (f: Told): string =>
    `the unverified body has more than ${f.limit} ${f.got} (${f.option})${RAISE}`,
  too_deep: (f: Told): string =>
    `the ${f.got} body is nested deeper than ${f.option} (${f.limit})${RAISE}`,
  too_many_fields: (f: Told): string =>
    `the ${f.got} has more fields than ${f.option} (${f.limit})${RAISE}`,
  inflated: (f: Told): string =>
    `the decompressed body is larger than ${f.option} (${f.limit} bytes)${RAISE}`,
  not_gzip: (): string => 'the body is not a complete gzip stream',
  not_json: (f: Told): string => `the body is not valid JSON: ${f.got}`,
  too_many_digits: (f: Told): string =>
    `the JSON body has an integer of more than ${f.limit} digits`,
  not_xml: (f: Told): string =>
    `the XML body cannot be parsed${f.expected === undefined ? '' : `: expected ${f.expected}`}${f.got === undefined ? '' : ` (line ${f.got})`}`,
  not_multipart: (f: Told): string => `the multipart body cannot be parsed: expected ${f.expected}`,
  undecryptable: (f: Told): string => `the message cannot be decrypted with ${f.option}`,
  is_challenge: (f: Told): string =>
    `${at(f)} may be a challenge, so it is not accepted as an event`,
  // messages about events
  no_event: (f: Told): string => `the payload is not an event: ${f.expected}`,
  no_topic: (): string => 'the delivery has no topic',
  no_id: (): string => 'the event has no id, so a redelivery would run the handlers again',
  other_id: (): string => 'the API returned a different event from the one it listed under this id',
  no_subscription: (f: Told): string => `no handler matches ${f.got}, and onUnhandled is 'reject'`,
  guarded: (): string =>
    'this signature was already used for another event: the delivery was captured and replayed',
  in_progress: (): string => 'the same event is being handled right now',
  handlers_failed: (f: Told): string =>
    `handler ${f.got} failed; the sender was asked to redeliver, and handlers that succeeded will not run again`,
  answer_failed: (): string => 'the answer function failed',
  no_subscriptions: (f: Told): string =>
    `receiver ${f.got} has no handler and no answer, so its events would be lost; import the module that calls receiver.on() before the first delivery. If this is intended, set onUnhandled`,
  // messages about the inbox
  full: (f: Told): string =>
    `the inbox is full: ${f.got} ${f.expected} are waiting, ${f.option} is ${f.limit}; raise it or run more workers`,
  closed: (f: Told): string => `${f.got ?? 'the receiver'} was closed`,
  /** For errors of a store or of an app's own provider: their text is the message. */
  other: (f: Told): string => f.text ?? '',
}

export type Problem = keyof typeof MESSAGES

export function messageOf({ problem, ...told }: ErrorDetails): string {
  const message = MESSAGES[problem](told)
  return told.remedy === undefined ? message : `${message}: ${told.remedy}`
}

function at({ header, parameter, field }: Told): string {
  const place =
    header === undefined ? parameter && `query parameter ${parameter}` : `header ${header}`
  if (field === undefined) return place ?? 'the signature'
  return place === undefined ? `field ${field}` : `field ${field} of ${place}`
}

function over({ bytes, digest, url }: Told): string {
  const compared = [
    ...(bytes === undefined
      ? []
      : [`body: ${bytes} bytes${digest === undefined ? '' : `, SHA-256 ${digest}…`}`]),
    ...(url === undefined ? [] : [`URL: ${url}`]),
  ]
  const what = compared.length > 0 ? ` (${compared.join('; ')})` : ''
  const changed =
    bytes === undefined
      ? ''
      : `, or the body${url === undefined ? '' : ' or URL'} was changed on the way`
  return `${what}. The secret is wrong${changed}`
}

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

/** Returns the facts without the digest of the body: computing it costs as much as a verification. */
export function factsOf(error: ErrorDetails): ErrorDetails {
  const told = NAMES.filter((name) => error[name] !== undefined).map((name) => [name, error[name]])
  return Object.fromEntries(told) as ErrorDetails
}
