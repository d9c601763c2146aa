import { SENDER_CREDENTIALS } from './senders.ts'

// Anybody who reads such a header or parameter can act as the app or its user. Names are in lower case, with hyphens.
// `test/hostile/rules` lists the platforms and proxies with the page on each header.

/** Last words of names of credentials, on any platform. */
// An idempotency token is only an id: handlers read `i-twilio-idempotency-token`.
const LAST_WORDS: RegExp =
  /(?:(?<!idempotency-?)token|secret|passw(?:or)?d|passcode|pass-?phrase|(?:api|access|account|admin|app|auth|client|functions|license|master|private|sas|secret|subscription)key|(?:^|-)(?:jwt|pwd|auth|assertion|cookie|authorization|credentials?|bypass))\d*$/

/** Names whose last word is `key`, except keys that identify a thing and open nothing. */
const KEY: RegExp =
  /(?<!(?:^|-)(?:cache|content|dedup(?:e|lication)?|event|file|foreign|group|idempotency|issue|message|object|order(?:ing)?|partition|primary|project|public|pusher|request|resource|routing|row|shard|sort|topic)-)(?<![a-z])key\d*$/

/** Families of headers in which a platform identifies its user. Each family includes a token of that user. */
const FAMILIES: RegExp =
  /^(?:x-amzn-oidc|x-ms-token|x-ms-client-principal|x-goog-authenticated-user|cf-access|x-pomerium)(?:-|$)/

/** Names that none of these expressions matches. */
const PLATFORM_NAMES: readonly string[] = [
  // A proof of possession, RFC 9449.
  'dpop',
  // https://vercel.com/docs/headers/request-headers: the head that Vercel forwards
  'x-vercel-sc-headers',
  // https://docs.aws.amazon.com/verified-access/latest/ug/user-claims-passing.html
  'x-amzn-ava-user-context',
  // https://docs.cloud.google.com/endpoints/docs/openapi/authenticating-users-custom, https://firebase.google.com/docs/app-check
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'x-firebase-appcheck',
  // https://github.com/nokia/kong-oidc
  'x-userinfo',
  // https://istio.io/latest/docs/reference/config/security/jwt/
  'x-jwt-payload',
  'x-session-id',
]

const NAMES: ReadonlySet<string> = new Set([...PLATFORM_NAMES, ...SENDER_CREDENTIALS.headers])
// Words such as `code`, which are a credential only as the complete name.
const WHOLE: ReadonlySet<string> = new Set(SENDER_CREDENTIALS.query.map(plain))

// Names come from the network, so the cache is bounded. When it is full, it is emptied.
const MOST = 1000
let judged = new Map<string, boolean>()

/**
 * Returns true for a header or parameter that contains a credential of any sender or platform: a token, key, password or
 * cookie. Users choose such names, so their last words decide: split at capitals (`webhookSecret`) and after a prefix
 * (`http_x_gitlab_token`, `x-original-authorization`). A signature is not a credential, since it reveals no secret.
 *
 * @param name - in any case.
 *
 * @example
 * const shown = headers.filter(([name]) => !isCredentialName(name))
 */
export function isCredentialName(name: string): boolean {
  let found = judged.get(name)
  if (found !== undefined) return found
  if (judged.size >= MOST) judged = new Map()
  judged.set(name, (found = judge(plain(name)) || judge(plain(split(name)))))
  return found
}

/** Returns a name in lower case with hyphens, the form in which proxies' variants of it are equal. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_.\s[\]]+/g, '-')
}

/** Returns true if a header has one of the names, or ends with one after a prefix. Names are {@link plain}. */
export function isNamed(name: string, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true
  for (let at = name.indexOf('-'); at >= 0; at = name.indexOf('-', at + 1))
    if (names.has(name.slice(at + 1))) return true
  return false
}

function judge(plainName: string): boolean {
  let name = plainName
  while (name.endsWith('-')) name = name.slice(0, -1)
  return (
    LAST_WORDS.test(name) ||
    KEY.test(name) ||
    FAMILIES.test(name) ||
    WHOLE.has(name) ||
    isNamed(name, NAMES)
  )
}

/** Splits words at capitals: `webhookSecret`, `myAPIKey`. */
function split(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1-$2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
}
