export { createReceiver } from './receiver.ts'
export type {
  ClockOptions,
  ParsingOptions,
  ReceiverOptions,
  RunDueOptions,
  StorageOptions,
} from './receiver/options.ts'
export {
  verifyRequest,
  type VerifiedRequest,
  type VerifyRequestOptions,
} from './receive/verify-request.ts'
export type { Receiver, ReceiverSettings } from './receiver/receiver-types.ts'
export type { Health } from './receiver/health.ts'
export type { CatchUpFailure, CaughtUp } from './receiver/caught-up.ts'
export type { IngestInit, IngestOptions, IngestResult } from './receive/ingest.ts'
export type { Dedupe } from './receive/identity.ts'
export type { StepName } from './observe/infos.ts'
export type { ScopedSecret, SecretOption, SecretResolver, Secrets } from './provider/secrets.ts'
export {
  perTenant,
  type PerTenantOptions,
  type TenantResolver,
  type TenantSecrets,
} from './provider/per-tenant.ts'
export { behind } from './provider/gateway/behind.ts'
export { allOf } from './provider/gateway/all-of.ts'
export type { HeaderLines } from './basics/header-lines.ts'
export { type Delivery, type DeliveryInit, type Json } from './delivery.ts'
export { createDelivery, isDelivery } from './receive/http-delivery.ts'
export type { EventMap, WebhookEvent } from './event.ts'
export { createTopicTable, type TopicTable } from './subscribe/topics.ts'
export type { EventOf, PatternOf, TopicsOf } from './subscribe/topic-types.ts'
export {
  emptyReply,
  jsonReply,
  problem,
  textReply,
  xmlReply,
  type Reply,
} from './receive/reply/reply.ts'
export {
  isWebhookError,
  toWebhookError,
  WebhookError,
  type ErrorCode,
  type WebhookErrorOptions,
} from './errors.ts'
export type { ErrorDetails, Problem } from './problems.ts'
export { OBSERVER_METHODS, type ObserverMethod } from './observe/observers.ts'
export type { LimitOptions, Limits, UnverifiedLimits } from './limits.ts'
export { milliseconds, type Duration } from './basics/deadline.ts'
export type { MaybePromise } from './basics/maybe.ts'
export { unknownOptions } from './basics/unknown-options.ts'
export { settledBy } from './basics/deadline.ts'
export type { AckOption } from './receive/reply/ack.ts'
export type { Admission, Head } from './receive/admit.ts'
export type { Answer, AnswerFunction, AnswerOptions } from './receive/reply/answer.ts'
export type { FetchHost } from './receive/fetch-host.ts'
export { checkJson } from './inbox/codec.ts'

export type { Handler, PreparedHandler, SubscriptionOptions } from './subscribe/subscription.ts'
export type { TenantLimitOptions } from './subscribe/tenant-limit.ts'
export type { CallInfo, PauseInfo } from './observe/infos.ts'
export type { AnyCommit, CommitIn, CommitWrite, Task } from './subscribe/task.ts'
export {
  exponential,
  fixed,
  PostponeError,
  RetryAfterError,
  retryPolicy,
  UnrecoverableError,
  type ExponentialOptions,
  type RetryAfterOptions,
  type RetryOption,
  type RetryPolicy,
} from './subscribe/retry.ts'
export { parseRetryAfter } from './basics/deadline.ts'
export type { StandardSchema } from './subscribe/subscription.ts'
export type {
  ActedInfo,
  AnsweredInfo,
  AttemptInfo,
  EventInfo,
  InterruptedInfo,
  Planned,
  RequestInfo,
} from './observe/infos.ts'
export type { ObservedReceiver, Observer } from './observer.ts'
export {
  payloadDrift,
  type PayloadDrift,
  type PayloadDriftOptions,
} from './observe/payload-drift.ts'
export {
  logger,
  structuredLogger,
  type LoggerOptions,
  type LogSink,
  type LogWriter,
} from './logger.ts'
export type { LogFields } from './observe/log-lines.ts'

export { memoryInbox } from './inbox/memory/inbox.ts'
export type { MemoryInboxOptions } from './inbox/memory/settings.ts'
export { inlineInbox, type InlineInboxOptions } from './inbox/inline/inbox.ts'
export { memoryLedger, type MemoryLedgerOptions } from './inbox/inline/memory-ledger.ts'
