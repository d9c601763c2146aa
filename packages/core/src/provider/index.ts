export type { Delivers, SenderChallenge, SenderFacts, SignaturePlace, Unknown } from './facts.ts'
export type { About, Factory } from './about.ts'
export type { Composed } from './compose.ts'
export { provider } from './define.ts'
export { madeOf, remake, type Made } from './made.ts'
export { keyForms, type KeyForms } from './key-forms.ts'
export { mergeDeep } from './compose.ts'
export type { ProviderSpec } from './spec.ts'
export type { Clock, Codings, Draft, Greeting, Provider, Result, Verified } from './provider.ts'
export type { Format } from '../delivery.ts'
export type { Covers, Credentials, Scheme, SignableRequest } from './scheme.ts'
export type { Setup } from './about.ts'
export { checkSecret, type Keyring, type KeySet } from './secrets.ts'
export { targetPath, toPublicUrl, urlJoiner, type JoinUrl } from './public-url.ts'

export { errorText, memberOf, textOf } from '../errors.ts'
export { factsOf } from '../problems.ts'
export { checkMounting, handlerMade } from '../receive/handler-made.ts'
export { checkObject } from '../basics/unknown-options.ts'
export { isTool } from '../receiver/tool.ts'
export { unref } from '../basics/deadline.ts'
export type { EventDraft, Guard } from '../event.ts'
export type { ParsedBody } from '../body/parse.ts'
export { readBounded, readStart } from '../body/read-bounded.ts'
export { formToObject } from '../body/form.ts'
export { parseJson, stringifyJson } from '../body/json.ts'
export { parseMultipart } from '../body/multipart-later.ts'
export type { MultipartBody } from '../body/multipart.ts'
export { list, loadXml, parseXml, type XmlObject } from '../body/xml/xml.ts'

export { firstOf } from './schemes/first-of.ts'
export { fixedKeys, noAuth } from './schemes/no-auth.ts'
export { isCredentialName } from '../receive/credentials/judge.ts'
export { safeEqual } from './safe-equal.ts'
export { basic, type BasicOptions } from './schemes/basic.ts'
export {
  ecdsa,
  ecdsaAlgorithm,
  type EcdsaAlgorithmOptions,
  type EcdsaCurve,
  type EcdsaOptions,
} from './schemes/ecdsa.ts'
export {
  ed25519,
  ed25519Algorithm,
  type Ed25519Key,
  type Ed25519Options,
  type OpaqueKey,
} from './schemes/ed25519.ts'
export {
  hmac,
  hmacAlgorithm,
  hmacDigest,
  type HmacOptions,
  type KeyEncoding,
} from './schemes/hmac.ts'
export type { HashName, SignatureEncoding } from './schemes/signature/template.ts'
export { malformed, mismatch, singleHeader, type At } from './schemes/signature/header.ts'
export { jwt, type JwtAlgorithm, type JwtOptions } from './schemes/jwt.ts'
export type { JwtClaims, JwtClaimsOptions } from './schemes/jwt-claims.ts'
export type { SharedJwtAlgorithm, SharedJwtOptions } from './schemes/jwt-shared.ts'
export type { NamesPlace, TrustedNames } from './lookup/trusted-names.ts'
export { bucket, type LookupBucket, type BucketOptions } from './lookup/lookups.ts'
export {
  checkFetchOptions,
  fetchBounded,
  fetchNamed,
  type FetchFunction,
  type FetchOptions,
} from './lookup/jwks.ts'
export {
  fetchedJwks,
  givenJwks,
  keyedJwks,
  type Jwk,
  type Jwks,
  type JwkSource,
  type JwksCacheOptions,
} from './lookup/jwks.ts'
export { lookups, type Lookups, type LookupsOptions } from './lookup/lookups.ts'
export { peer, type Peer, type PeerHome } from './peer.ts'
export { parseKeyPair, type KeyPair } from './schemes/rsa.ts'
export type { SignedMessage } from './schemes/signature/template.ts'
export { pairs, type PairsOptions } from './schemes/pairs.ts'
export { rsa, rsaAlgorithm, type RsaAlgorithmOptions, type RsaOptions } from './schemes/rsa.ts'
export {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureClaim,
  type SignatureOptions,
} from './schemes/signature/signature.ts'
export {
  standardWebhooksId,
  standardWebhooksScheme,
  type StandardWebhooksSchemeOptions,
} from './schemes/standard-webhooks.ts'
export type { KeyForm, StandardWebhooksKey } from './schemes/standard-webhooks.ts'
export type { StandardWebhooksHeaders } from './schemes/signature/standard-headers.ts'
export { messageTemplate } from './schemes/signature/template.ts'
export { token, type TokenOptions } from './schemes/token.ts'
export {
  checkTimestamp,
  parseTimestamp,
  toleranceOption,
  type TimestampUnit,
} from './schemes/signature/timestamp.ts'
