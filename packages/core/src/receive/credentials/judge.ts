import { SENDER_CREDENTIALS } from './senders.ts'

// The expressions below match names of headers and parameters that contain credentials. Whoever reads a credential can
// act as the app or its user. Names are in lower case, with hyphens. `test/hostile/rules` lists the platforms and
// proxies, with a page about each header.

/** Matches a name whose last word means a credential, on any platform. */
// An idempotency token is excepted, since it is only an id: handlers read `i-twilio-idempotency-token`.
const LAST_WORDS: RegExp =
  /(?:(?<!idempotency-?)token|secret|passw(?:or)?d|passcode|pass-?phrase|(?:api|access|account|admin|app|auth|client|functions|license|master|private|sas|secret|subscription)key|(?:^|-)(?:jwt|pwd|auth|assertion|cookie|authorization|credentials?|bypass))\d*$/

/** Matches a name whose last word is `key`, except keys that only identify something, such as `cache-key`. */
const KEY: RegExp =
  /(?<!(?:^|-)(?:cache|content|dedup(?:e|lication)?|event|file|foreign|group|idempotency|issue|message|object|order(?:ing)?|partition|primary|project|public|pusher|request|resource|routing|row|shard|sort|topic)-)(?<![a-z])key\d*$/

/**
 * Matches headers with a prefix that an authenticating proxy uses for facts about the current user. For each prefix, at
 * least one header contains a token of that user.
 */
const FAMILIES: RegExp =
  /^(?:x-amzn-oidc|x-ms-token|x-ms-client-principal|x-goog-authenticated-user|cf-access|x-pomerium)(?:-|$)/

/** Other names of credentials on platforms, which none of the expressions above matches. */
const PLATFORM_NAMES: readonly string[] = [
  // A proof that the client has a private key (RFC 9449).
  'dpop',
  // This header contains the request headers that Vercel forwards:
  // https://vercel.com/docs/headers/request-headers
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
// Names such as `code`, which mean a credential only if they are the complete name.
const WHOLE: ReadonlySet<string> = new Set(SENDER_CREDENTIALS.query.map(plain))

// Maximum number of cached results, since names come from the network. A full cache is emptied.
const MOST = 1000
let judged = new Map<string, boolean>()

/**
 * Returns true for the name of a header or parameter that contains a credential of any sender or platform: a token,
 * key, password or cookie. Users can choose such names, so the last words of a name decide. Words are split at capitals
 * (`webhookSecret`), and a prefix does not matter (`http_x_gitlab_token`, `x-original-authorization`). A signature is
 * not a credential, since it reveals no secret.
 *
 * @param name - the name, in any case.
 */
export function isCredentialName(name: string): boolean {
  let found = judged.get(name)
  if (found !== undefined) return found
  if (judged.size >= MOST) judged = new Map()
  judged.set(name, (found = judge(plain(name)) || judge(plain(split(name)))))
  return found
}

/** Returns a name in lower case with hyphens, so that the names `x_token` and `X-Token` are equal. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_.\s[\]]+/g, '-')
}

/**
 * Returns true if the name of a header is in `names`, or is a prefix followed by one of `names`. All names are in the
 * form of {@link plain}.
 */
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

/** Puts hyphens between capitalized words: `webhookSecret` to `webhook-Secret`, `myAPIKey` to `my-API-Key`. */
function split(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1-$2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
}
