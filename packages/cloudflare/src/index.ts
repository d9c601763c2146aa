export { durableObject, type WebhookObject, type WebhookObjectClass } from './object/object.ts'
export type { ObjectInbox, Receivers } from './receivers.ts'
export { durableObjectInbox, type DurableObjectInboxOptions } from './remote.ts'
export type {
  ObjectNamespace,
  ObjectState,
  ObjectStorage,
  SqlCursor,
  SqlStorage,
  SqlValue,
  WorkerContext,
} from './runtime.ts'
export type { DurableObjectOptions } from './settings.ts'
export type { WireAnswer, WirePart, WireError, WireIntake } from './wire.ts'
export { worker, type WebhookWorker } from './worker.ts'
