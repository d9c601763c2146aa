// Exports for Postern's own packages. Apps, and third-party providers and stores, must not import these exports, which
// may change with every release.
export type { FetchHost, ReceiverSettings } from '../receiver/receiver-types.ts'
export type { CatchUpFailure, CaughtUp } from '../receiver/caught-up.ts'
export type { IngestInit, IngestOptions, IngestResult } from '../receive/ingest.ts'
export type { Dedupe } from '../receiver/options.ts'
export type {
  StepName,
  CallInfo,
  PauseInfo,
  ActedInfo,
  AnsweredInfo,
  FoldedInfo,
  InterruptedInfo,
  Planned,
} from '../observe/infos.ts'
export {
  type ScopedSecret,
  type SecretResolver,
  type Secrets,
  checkSecret,
  type Keyring,
  type KeySet,
} from '../provider/secrets.ts'
export type { HeaderLines } from '../delivery.ts'
export { isDelivery } from '../receive/http-delivery.ts'
export { createTopicTable, type TopicTable } from '../subscribe/topics.ts'
export type { PatternOf, TopicsOf } from '../subscribe/topic-types.ts'
export { problem } from '../receive/reply/reply.ts'
export {
  toWebhookError,
  type WebhookErrorOptions,
  NO_VIEW,
  errorText,
  memberOf,
  textOf,
} from '../errors.ts'
export { type Problem, factsOf } from '../messages.ts'
export type { Limits, UnverifiedLimits } from '../limits.ts'
export { milliseconds, settledBy, parseRetryAfter, unref } from './deadline.ts'
export type { MaybePromise } from './maybe.ts'
export { unknownOptions, checkObject } from './unknown-options.ts'
export type { Admission, Head } from '../receive/admit.ts'
export type { AnswerFunction } from '../receive/reply/answer.ts'
export { checkJson } from '../inbox/codec.ts'
export {
  csvLine,
  deliveryFields,
  DELIVERY_FIELDS,
  ndjsonLine,
  taskFields,
  TASK_FIELDS,
} from '../inbox/fields.ts'
export type { PreparedHandler } from '../subscribe/subscription.ts'
export type { AnyCommit, CommitIn, CommitWrite } from '../subscribe/task.ts'
export { retryPolicy, type ExponentialOptions, type RetryAfterOptions } from '../subscribe/retry.ts'
export type { ObservedReceiver } from '../observer.ts'
export type { PayloadDriftOptions } from '../observe/payload-drift.ts'
export type { LogFields, LogSink, LogWriter } from '../logger.ts'
export type { SenderChallenge, SignaturePlace, Unknown } from '../provider/facts.ts'
export { type Composed, mergeDeep } from '../provider/compose.ts'
export { madeOf, remake, type Made } from '../provider/made.ts'
export { keyForms, type KeyForms } from '../provider/key-forms.ts'
export type { Codings } from '../provider/provider.ts'
export { targetPath, toPublicUrl, urlJoiner, type JoinUrl } from '../delivery.ts'
export { checkMounting, handlerMade } from '../receive/handler-made.ts'
export { isTool } from '../receiver/app.ts'
export { readBounded, readStart } from '../body/read-bounded.ts'
export { formToObject } from '../body/form.ts'
export { parseJson, stringifyJson } from '../body/json.ts'
export { parseMultipart } from '../body/formats.ts'
export type { MultipartBody } from '../body/multipart.ts'
export { list, loadXml, parseXml, type XmlObject } from '../body/xml/xml.ts'
export { isCredentialName } from '../receive/credentials/judge.ts'
export { safeEqual } from '../provider/safe-equal.ts'
export {
  ecdsaAlgorithm,
  type EcdsaAlgorithmOptions,
  type EcdsaCurve,
} from '../provider/schemes/ecdsa.ts'
export { ed25519Algorithm, type Ed25519Key, type OpaqueKey } from '../provider/schemes/ed25519.ts'
export { hmacAlgorithm, hmacDigest } from '../provider/schemes/hmac.ts'
export type {
  HashName,
  SignatureEncoding,
  SignedMessage,
} from '../provider/schemes/signature/template.ts'
export { malformed, mismatch, singleHeader, type At } from '../provider/schemes/signature/header.ts'
export type { JwtAlgorithm } from '../provider/schemes/jwt.ts'
export type { JwtClaims, JwtClaimsOptions } from '../provider/schemes/jwt-claims.ts'
export type { SharedJwtAlgorithm, SharedJwtOptions } from '../provider/schemes/jwt-shared.ts'
export type { NamesPlace, TrustedNames } from '../provider/lookup/trusted-names.ts'
export {
  bucket,
  type LookupBucket,
  type BucketOptions,
  lookups,
  type Lookups,
  type LookupsOptions,
} from '../provider/lookup/lookups.ts'
export {
  checkFetchOptions,
  fetchBounded,
  fetchNamed,
  type FetchFunction,
  type FetchOptions,
  fetchedJwks,
  givenJwks,
  keyedJwks,
  type Jwk,
  type Jwks,
  type JwkSource,
  type JwksCacheOptions,
} from '../provider/lookup/jwks.ts'
export { peer, type Peer, type PeerHome } from '../provider/peer.ts'
export {
  parseKeyPair,
  type KeyPair,
  rsaAlgorithm,
  type RsaAlgorithmOptions,
} from '../provider/schemes/rsa.ts'
export {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureClaim,
  type SignatureOptions,
} from '../provider/schemes/signature/signature.ts'
export {
  standardWebhooksId,
  type KeyForm,
  type StandardWebhooksHeaders,
  type StandardWebhooksKey,
} from '../provider/schemes/standard-webhooks.ts'
export {
  checkTimestamp,
  parseTimestamp,
  toleranceOption,
  type TimestampUnit,
} from '../provider/schemes/signature/timestamp.ts'
