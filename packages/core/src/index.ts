export { createReceiver } from './receiver.ts'
export type { Receiver, ReceiverOptions } from './receiver-types.ts'
export { defineProvider, type ProviderSpec } from './define-provider.ts'
export type { Clock, Draft, Provider, Result, Verified } from './provider.ts'
export type { Covers, Credentials, Scheme, SignableRequest } from './scheme.ts'
export {
  checkSecret,
  keyring,
  type Keyring,
  type KeySet,
  type ScopedSecret,
  type SecretOption,
  type SecretResolver,
  type Secrets,
} from './secrets.ts'
export { perTenant, type PerTenantOptions } from './per-tenant.ts'
export type { HeaderLines } from './header-lines.ts'

export {
  createDelivery,
  isDelivery,
  type Delivery,
  type DeliveryInit,
  type Json,
} from './delivery.ts'
export type { EventDraft, EventMap, EventRecord, StoredDelivery, WebhookEvent } from './event.ts'
export { createTopicTable, type TopicTable } from './topics.ts'
export type { EventOf, PatternOf, TopicsOf } from './topic-types.ts'
export type { ParsedBody } from './body/parse.ts'
export type { XmlObject } from './body/xml.ts'
export { list, loadXml, parseXml } from './body/xml.ts'
export { parseJson, stringifyJson } from './body/json.ts'
export { formToObject } from './body/form.ts'
export { parseMultipart, type MultipartBody } from './body/multipart.ts'
export { emptyReply, jsonReply, problem, textReply, xmlReply, type Reply } from './reply.ts'
export {
  isWebhookError,
  toWebhookError,
  WebhookError,
  type ErrorCode,
  type WebhookErrorOptions,
} from './errors.ts'
export type { Limits } from './limits.ts'
export { milliseconds, type Duration } from './duration.ts'
export type { MaybePromise } from './maybe.ts'
export type { AckOption } from './ack.ts'
export type { Answer, AnswerFunction, AnswerOptions } from './answer.ts'
export type { FetchHost } from './fetch.ts'
export { checkJson } from './codec.ts'
export { targetPath, toPublicUrl } from './public-url.ts'

export type { Handler, PreparedHandler, SubscriptionOptions } from './subscription.ts'
export type { Task } from './task.ts'
export {
  exponential,
  fixed,
  Postpone,
  RetryAfter,
  Unrecoverable,
  type ExponentialOptions,
  type RetryOption,
  type RetryPolicy,
} from './retry.ts'
export type { StandardSchema } from './standard-schema.ts'
export type { AttemptInfo, EventInfo, Observer, RequestInfo } from './observer.ts'
export { logger, type LogSink } from './logger.ts'

export { memoryInbox, type MemoryInboxOptions } from './inbox/memory.ts'
export { createSlots, type Slots } from './inbox/slots.ts'
export { inlineInbox, type InlineInboxOptions } from './inbox/inline.ts'
export type { Ledger, LedgerClaim } from './inbox/ledger.ts'
export { memoryLedger, type MemoryLedgerOptions } from './inbox/memory-ledger.ts'
export {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  packDelivery,
  unpackDelivery,
} from './codec.ts'
export type {
  Claim,
  Consumer,
  Host,
  Inbox,
  Intake,
  IntakeItem,
  Lane,
  Outcome,
  Port,
  Records,
  Taken,
  TaskDraft,
  TaskError,
  Worker,
} from './inbox/inbox.ts'
export type { InboxView, TaskDetail, TaskFilter, TaskInfo, TaskState } from './inbox/view.ts'

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
  type HashName,
  type HmacOptions,
  type KeyEncoding,
  type SignatureEncoding,
} from './schemes/hmac.ts'
export { malformed, mismatch, singleHeader } from './schemes/header.ts'
export { parseKeyPair, type KeyPair } from './schemes/key-pair.ts'
export type { Message } from './schemes/message.ts'
export { rsa, rsaAlgorithm, type RsaAlgorithmOptions, type RsaOptions } from './schemes/rsa.ts'
export {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureClaim,
  type SignatureOptions,
} from './schemes/signature.ts'
export {
  standardWebhooksId,
  standardWebhooksScheme,
  type StandardWebhooksKey,
  type StandardWebhooksSchemeOptions,
} from './schemes/standard-webhooks.ts'
export { token, type TokenOptions } from './schemes/token.ts'
export {
  checkTimestamp,
  parseTimestamp,
  toleranceOption,
  type TimestampUnit,
} from './schemes/timestamp.ts'
