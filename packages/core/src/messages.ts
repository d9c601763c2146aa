import type { ErrorDetails, Problem } from './problems.ts'

/** What a message is made from. */
type Told = Omit<ErrorDetails, 'problem'>

// The way out of a limit.
const RAISE = '; raise the limit if the sender needs more'

/** The message of each problem: the one place where facts become words. No code reads them. */
export const MESSAGES: Record<Problem, (told: Told) => string> = {
  // what is missing, repeated or of the wrong form
  missing: (f) =>
    `${at(f)} is missing${f.expected === undefined ? '' : `, expected ${f.expected}`}`,
  blank: (f) => `${at(f)} is blank`,
  repeated: (f) => `${at(f)} was sent ${f.got} times; expected exactly one`,
  malformed: (f) => `${at(f)} is not ${f.expected}`,
  wrong_prefix: (f) => `${at(f)} does not start with ${f.expected}`,
  several: (f) => `${at(f)} has more than one value; expected ${f.expected}`,
  too_many: (f) => `${at(f)} has more than ${f.limit} ${f.expected ?? 'values'}`,
  not_a_time: (f) => `${at(f)} is not ${f.expected ?? 'a time'}`,
  not_allowed: (f) => `${at(f)} is not ${f.expected}`,
  contradicts: (f) => `${at(f)} does not match ${f.expected}`,
  unexpected: (f) => `unexpected ${at(f)}: ${f.option} is not set up to accept it`,
  // signatures
  unsigned: () => 'the delivery is not signed',
  other_sender: (f) =>
    `${at(f)} is missing, but ${f.got} is present${f.remedy === undefined ? ": is this another sender's delivery?" : ''}`,
  ambiguous: (f) => `${at(f)} is valid for two different messages, so the delivery was rejected`,
  differs: (f) =>
    `${f.header ?? at(f)} does not match ${f.got === 1 ? 'the secret' : `any of the ${f.got} secrets`}${over(f)}`,
  odd_secret: (f) =>
    `${f.text}. The secret has whitespace or quotes around it; remove them unless they are part of it`,
  digest_differs: (f) => `${at(f)} does not match the body, so the body was changed on the way`,
  public_key: (f) => `${at(f)} was signed with ${f.got}, which is publicly known`,
  too_old: (f) =>
    `signed ${f.seconds} s ago, tolerance is ${f.limit} s: a replay, a slow queue in front, or a wrong clock`,
  too_early: (f) =>
    `signed ${f.seconds} s ahead of this clock, tolerance is ${f.limit} s; check the clocks`,
  expired: () => 'the signature has expired',
  not_yet: () => 'the signature was created in the future; check the clocks',
  unknown_certificate: (f) => `the certificate is not trusted: ${f.text}`,
  // secrets and what is fetched
  no_secret: (f) => `${f.option} found no secret for this delivery`,
  look_up_failed: (f) => `${f.option} failed: ${f.text}`,
  look_up_bounded: () =>
    'too many key or tenant lookups are running; the sender was asked to retry',
  fetch_failed: (f) => `fetching from ${f.got} failed: ${f.text}`,
  no_key_set: (f) => `the response from ${f.got} is not a JSON Web Key Set`,
  package_missing: (f) => `the package ${f.got} cannot be loaded; run npm install ${f.got}`,
  package_broken: (f) => `the package ${f.got} cannot be loaded here: ${f.text}`,
  // the head
  wrong_method: (f) => `method ${f.got} is not allowed; expected ${f.expected}`,
  wrong_coding: (f) => `the Content-Encoding must be ${f.expected}`,
  wrong_host: () => 'the Host header is not a valid host',
  unknown_charset: () => 'the charset in the Content-Type header is not known',
  no_media_type: () => 'the Content-Type header is not a valid media type',
  // the body on the wire
  too_large: (f) =>
    f.option === undefined
      ? `the body is larger than ${f.limit} bytes`
      : f.got === undefined
        ? `the body is larger than ${f.option} of ${f.limit} bytes${RAISE}`
        : `content-length is ${f.got} bytes, ${f.option} is ${f.limit}${RAISE}`,
  too_slow: (f) =>
    `the body did not arrive within ${f.option} (${f.limit} ms); raise the limit if the sender needs longer`,
  aborted: () => 'the connection ended before the body was complete',
  truncated: (f) => `got ${f.got} bytes of body, content-length is ${f.expected}`,
  consumed: () => 'the body was already read before the receiver got it',
  lossy: (f) =>
    `${f.got}, content-length is ${f.expected ?? 'absent'}: the bytes may differ from what the sender signed`,
  buffers_full: (f) =>
    `request bodies in progress exceed ${f.option}; raise it, or check whether a sender is flooding you`,
  memory_full: () =>
    'deliveries in progress use a fifth of the free memory; raise --max-old-space-size or add memory, or check whether a sender is flooding you',
  // the body, parsed
  too_complex: (f) => `the unverified body has more than ${f.limit} ${f.got} (${f.option})${RAISE}`,
  too_deep: (f) => `the ${f.got} body is nested deeper than ${f.option} (${f.limit})${RAISE}`,
  too_many_fields: (f) => `the ${f.got} has more fields than ${f.option} (${f.limit})${RAISE}`,
  inflated: (f) => `the decompressed body is larger than ${f.option} (${f.limit} bytes)${RAISE}`,
  not_gzip: () => 'the body is not a complete gzip stream',
  not_json: (f) => `the body is not valid JSON: ${f.got}`,
  too_many_digits: (f) => `the JSON body has an integer of more than ${f.limit} digits`,
  not_xml: (f) =>
    `the XML body cannot be parsed${f.expected === undefined ? '' : `: expected ${f.expected}`}${f.got === undefined ? '' : ` (line ${f.got})`}`,
  not_multipart: (f) => `the multipart body cannot be parsed: expected ${f.expected}`,
  undecryptable: (f) => `the message cannot be decrypted with ${f.option}`,
  is_challenge: (f) => `${at(f)} may be a challenge, so it is not accepted as an event`,
  // events
  no_event: (f) => `the payload is not an event: ${f.expected}`,
  no_topic: () => 'the delivery has no topic',
  no_id: () => 'the event has no id, so a redelivery would run the handlers again',
  other_id: () => 'the API returned a different event from the one it listed under this id',
  no_subscription: (f) => `no handler matches ${f.got}, and onUnhandled is 'reject'`,
  guarded: () =>
    'this signature was already used for another event: the delivery was captured and replayed',
  in_progress: () => 'the same event is being handled right now',
  handlers_failed: (f) =>
    `handler ${f.got} failed; the sender was asked to redeliver, and handlers that succeeded will not run again`,
  answer_failed: () => 'the answer function failed',
  no_subscriptions: (f) =>
    `receiver ${f.got} has no handler and no answer, so its events would be lost; import the module that calls receiver.on() before the first delivery. If this is intended, set onUnhandled`,
  // the inbox
  full: (f) =>
    `the inbox is full: ${f.got} ${f.expected} are waiting, ${f.option} is ${f.limit}; raise it or run more workers`,
  closed: (f) => `${f.got ?? 'the receiver'} was closed`,
  /** The error of a store or of an app's own provider, which brings its own text. */
  other: (f) => f.text ?? '',
}

/** The message of an error with these facts. */
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
