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
export type { Receiver } from './receiver/receiver-types.ts'
export type { RunDueResult } from './inbox/inbox.ts'
export type { TaskError } from './inbox/view.ts'
export type { Health } from './receiver/health.ts'
export type { SecretOption } from './provider/secrets.ts'
export {
  perTenant,
  type PerTenantOptions,
  type TenantResolver,
  type TenantSecrets,
} from './provider/per-tenant.ts'
export { behind } from './provider/gateway/behind.ts'
export { allOf } from './provider/gateway/all-of.ts'
export type { Delivery, DeliveryInit, Json } from './delivery.ts'
export { createDelivery } from './receive/http-delivery.ts'
export type { EventMap, WebhookEvent } from './event.ts'
export type { EventOf } from './subscribe/topic-types.ts'
export {
  emptyReply,
  jsonReply,
  textReply,
  xmlReply,
  type AckOption,
  type Reply,
} from './receive/reply/reply.ts'
export { isWebhookError, WebhookError, type ErrorCode } from './errors.ts'
export type { ErrorDetails } from './messages.ts'
export { OBSERVER_METHODS, type ObserverMethod } from './observe/observers.ts'
export type { LimitOptions } from './limits.ts'
export type { Duration } from './basics/deadline.ts'
export type { Answer, AnswerOptions } from './receive/reply/answer.ts'
export type {
  Handler,
  StandardSchema,
  SubscriptionOptions,
  TenantLimitOptions,
} from './subscribe/subscription.ts'
export type { Task } from './subscribe/task.ts'
export {
  exponential,
  fixed,
  PostponeError,
  RetryAfterError,
  UnrecoverableError,
  type RetryOption,
  type RetryPolicy,
} from './subscribe/retry.ts'
export type { AttemptInfo, EventInfo, RequestInfo } from './observe/infos.ts'
export type { Observer } from './observer.ts'
export { payloadDrift, type PayloadDrift } from './observe/payload-drift.ts'
export { logger, structuredLogger, type LoggerOptions } from './logger.ts'
export { memoryInbox } from './inbox/memory/inbox.ts'
export type { MemoryInboxOptions } from './inbox/memory/settings.ts'
export { inlineInbox, type InlineInboxOptions } from './inbox/inline/inbox.ts'
export { memoryLedger, type MemoryLedgerOptions } from './inbox/inline/memory-ledger.ts'
