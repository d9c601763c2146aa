// Whoever reads one of these headers or parameters can act as the app or its user. Names are plain: in lower case, with hyphens.
// `test/hostile/rules` has the list of platforms and proxies with the page on each header.

/** Last words of the name of a header or parameter that holds a credential, at whatever platform or sender. */
// An idempotency token is an id: handlers read `i-twilio-idempotency-token`.
export const LAST_WORDS: RegExp =
  /(?:(?<!idempotency-?)token|secret|passw(?:or)?d|passcode|pass-?phrase|(?:api|access|account|admin|app|auth|client|functions|license|master|private|sas|secret|subscription)key|(?:^|-)(?:jwt|pwd|auth|assertion|cookie|authorization|credentials?|bypass))\d*$/

/** A name whose last word is `key`, but for keys that name a thing and open nothing. */
export const KEY: RegExp =
  /(?<!(?:^|-)(?:cache|content|dedup(?:e|lication)?|event|file|foreign|group|idempotency|issue|message|object|order(?:ing)?|partition|primary|project|public|pusher|request|resource|routing|row|shard|sort|topic)-)(?<![a-z])key\d*$/

/** Families of names in which a platform tells who its user is, each with a token of that user among them. */
export const FAMILIES: RegExp =
  /^(?:x-amzn-oidc|x-ms-token|x-ms-client-principal|x-goog-authenticated-user|cf-access|x-pomerium)(?:-|$)/

/** Those that none of these finds. */
export const PLATFORM_NAMES: readonly string[] = [
  // A proof of possession, RFC 9449
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
