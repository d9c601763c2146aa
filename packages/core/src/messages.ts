import type { ErrorDetails, Problem } from './problems.ts'

/** What a message is made from. */
type Told = Omit<ErrorDetails, 'problem'>

// The way out of a limit.
const RAISE = ': raise it if the sender needs more'

/** The message of each problem: the one place where facts become words. No code reads them. */
export const MESSAGES: Record<Problem, (told: Told) => string> = {
  // where something stands, or does not
  missing: (f) =>
    `${at(f)} is missing${f.expected === undefined ? '' : `, expected ${f.expected}`}`,
  blank: (f) => `${at(f)} is blank`,
  repeated: (f) => `${at(f)} came ${f.got} times; it must be there once`,
  malformed: (f) => `${at(f)} is not ${f.expected}`,
  wrong_prefix: (f) => `${at(f)} does not begin with ${f.expected}`,
  several: (f) => `${at(f)} holds more than one value, expected ${f.expected}`,
  too_many: (f) => `${at(f)} has more than ${f.limit} ${f.expected}`,
  not_a_time: (f) => `${at(f)} is not ${f.expected ?? 'a time'}`,
  not_allowed: (f) => `${at(f)} is not ${f.expected}`,
  contradicts: (f) => `${at(f)} says something else than ${f.expected}`,
  unexpected: (f) => `${at(f)} came, and ${f.option} does not expect it`,
  // signatures
  unsigned: () => 'the delivery carries no signature',
  other_sender: (f) => `${at(f)} is missing, and ${f.got} is there`,
  ambiguous: (f) => `${at(f)} signs what can be read as two messages: it is rejected`,
  differs: (f) =>
    `${f.header ?? at(f)} matches none of ${f.got} secret${f.got === 1 ? '' : 's'}${over(f)}`,
  odd_secret: (f) => `${f.text}; the secret has blanks or quotes around it: are they part of it?`,
  digest_differs: (f) => `${at(f)} is not the digest of the body: it was changed on its way`,
  public_key: (f) => `${at(f)} is made with ${f.got}, which is public`,
  too_old: (f) =>
    `signed ${f.seconds} s ago, more than the tolerance of ${f.limit} s: a replay, a slow queue, or a wrong clock`,
  too_early: (f) =>
    `signed ${f.seconds} s ahead of this clock, more than the tolerance of ${f.limit} s: check the clocks`,
  expired: () => 'the signature has expired',
  not_yet: () => 'the signature was created in the future: check the clocks',
  unknown_certificate: (f) => `the certificate is not trusted: ${f.text}`,
  // secrets and what is fetched
  no_secret: (f) => `${f.option} knows no secret for this delivery`,
  look_up_failed: (f) => `${f.option} failed: ${f.text}`,
  look_up_bounded: () => 'too many look-ups of keys or tenants; this one must wait',
  fetch_failed: (f) => `fetching from ${f.got} failed: ${f.text}`,
  no_key_set: (f) => `${f.got} returned no JSON Web Key Set`,
  package_missing: (f) => `the package ${f.got} cannot be loaded: npm install ${f.got}`,
  package_broken: (f) => `the package ${f.got} cannot be loaded here: ${f.text}`,
  // the head
  wrong_method: (f) => `${f.expected} is taken, this is a ${f.got}`,
  wrong_coding: (f) => `the Content-Encoding must be ${f.expected}`,
  wrong_host: () => 'the Host header names no host',
  unknown_charset: () => 'the charset in the Content-Type header is not known',
  no_media_type: () => 'the Content-Type header is no media type',
  // the body on the wire
  too_large: (f) =>
    f.option === undefined
      ? `the body is larger than ${f.limit} bytes`
      : f.got === undefined
        ? `the body is larger than ${f.option} of ${f.limit} bytes${RAISE}`
        : `content-length is ${f.got} bytes, ${f.option} is ${f.limit}${RAISE}`,
  too_slow: (f) => `the body was not complete after ${f.option} of ${f.limit} ms${RAISE}`,
  aborted: () => 'the connection ended before the body was complete',
  truncated: (f) => `the body has ${f.got} bytes, content-length said ${f.expected}`,
  consumed: () => 'the body was read before the receiver got it',
  lossy: (f) =>
    `${f.got}, content-length is ${f.expected ?? 'absent'}: they may not be what the sender signed`,
  buffers_full: (f) =>
    `the bodies that are being read fill ${f.option}: raise it, or look for a sender that floods`,
  memory_full: () =>
    'the deliveries that are being taken fill a fifth of the free memory: raise --max-old-space-size or the memory of the machine, or look for a sender that floods',
  // the body, parsed
  too_complex: (f) =>
    `before verification the body may have at most ${f.limit} ${f.got} (${f.option})${RAISE}`,
  too_deep: (f) => `the ${f.got} body is nested deeper than ${f.option} (${f.limit})${RAISE}`,
  too_many_fields: (f) => `the ${f.got} has more fields than ${f.option} (${f.limit})${RAISE}`,
  inflated: (f) => `the body inflates to more than ${f.option} (${f.limit} bytes)${RAISE}`,
  not_gzip: () => 'the body is not a whole gzip stream',
  not_json: (f) => `the body is not valid JSON: ${f.got}`,
  too_many_digits: (f) => `the JSON body has an integer of more than ${f.limit} digits`,
  not_xml: (f) =>
    `the XML body cannot be parsed${f.expected === undefined ? '' : `: expected ${f.expected}`}${f.got === undefined ? '' : ` (line ${f.got})`}`,
  not_multipart: (f) => `the multipart body cannot be parsed: expected ${f.expected}`,
  undecryptable: (f) => `the message cannot be decrypted with ${f.option}`,
  is_challenge: (f) => `${at(f)} could be a challenge: it is no event`,
  // events
  no_event: (f) => `the payload has not the shape of an event: ${f.expected}`,
  no_topic: () => 'the delivery names no topic',
  no_id: () => 'an event without an id would be handled again',
  other_id: () => 'the API gave another event than the one that it listed under this id',
  no_subscription: (f) => `no subscription matches ${f.got}, and onUnhandled is 'reject'`,
  guarded: () =>
    'what this delivery was signed with belongs to another event: it was captured and sent again',
  in_progress: () => 'the same event is being handled right now',
  handlers_failed: (f) =>
    `${f.got} failed; the sender is asked to deliver again, and what is done will not run again`,
  answer_failed: () => 'the answer function failed',
  no_subscriptions: (f) =>
    `receiver ${f.got} has no subscription and no answer, so its events would be lost: import the module that calls receiver.on() before the first delivery, or set onUnhandled if this is meant`,
  // the inbox
  full: (f) =>
    `no room: ${f.option} allows ${f.limit} ${f.expected}, and ${f.got} wait: raise it, or run more workers`,
  closed: (f) => `${f.got ?? 'the receiver'} was closed`,
  /** Told by its text alone: the error of a store, or of an app's own provider. */
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
  const body =
    bytes === 0
      ? 'an empty body'
      : `a body of ${bytes} bytes${digest === undefined ? '' : ` (SHA-256 ${digest}…)`}`
  const compared = [
    ...(bytes === undefined ? [] : [body]),
    ...(url === undefined ? [] : [`the URL ${url}`]),
  ]
  const what = compared.length > 0 ? `, checked over ${compared.join(' and ')}` : ''
  const changed =
    bytes === undefined
      ? ''
      : `, or a body${url === undefined ? '' : ' or URL'} that was changed on its way`
  return `${what}: another secret${changed}`
}
