// Whoever reads one of these headers can act as the app or its user. Names in lower case. `test/hostile/rules` has the
// list of platforms and proxies with the page on each header.

/** Last words of the name of a header that holds a credential, at whatever platform or sender. */
// An idempotency token is an id: handlers read `i-twilio-idempotency-token`.
export const LAST_WORDS: RegExp =
  /(?:^|-)(?:(?<!idempotency-)token|(?:access|id|auth|refresh|session)token|secret|passw(?:or)?d|passcode|jwt|assertion|cookie2?|authorization|api-?key|credentials?)$/

/** Families of headers in which a platform tells who its user is, each with a token of that user among them. */
export const FAMILIES: RegExp =
  /^(?:x-amzn-oidc|x-ms-token|x-ms-client-principal|x-goog-authenticated-user|cf-access|x-pomerium)(?:-|$)/

/** Those that neither of the two finds. */
export const PLATFORM_HEADERS: readonly string[] = [
  // A proof of possession, RFC 9449
  'dpop',
  // https://vercel.com/docs/deployment-protection: the bypass of a protected deployment; the head that Vercel forwards
  'x-vercel-protection-bypass',
  'x-vercel-sc-headers',
  // https://docs.aws.amazon.com/verified-access/latest/ug/user-claims-passing.html
  'x-amzn-ava-user-context',
  // https://docs.cloud.google.com/endpoints/docs/openapi/authenticating-users-custom, https://firebase.google.com/docs/app-check
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'x-firebase-appcheck',
  // https://learn.microsoft.com/azure: App Service, Functions, API Management, Event Grid
  'x-zumo-auth',
  'x-functions-key',
  'ocp-apim-subscription-key',
  'aeg-sas-key',
  // https://github.com/nokia/kong-oidc
  'x-userinfo',
  // https://supabase.com/docs/guides/api/api-keys, and Kong's key-auth
  'apikey',
  // https://istio.io/latest/docs/reference/config/security/jwt/
  'x-jwt-payload',
  'x-session-id',
]
