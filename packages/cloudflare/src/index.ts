export { durableObject, type WebhookObject, type WebhookObjectClass } from './object/object.ts'
export type { ObjectInbox, Receivers } from './remote.ts'
export { durableObjectInbox, type DurableObjectInboxOptions } from './remote.ts'
export type {
  ObjectNamespace,
  ObjectState,
  ObjectStorage,
  SqlCursor,
  SqlStorage,
  SqlValue,
  WorkerContext,
} from './remote.ts'
export type { DurableObjectOptions } from './remote.ts'
export type { WireAnswer, WirePart, WireError, WireIntake } from './remote.ts'
export { worker, type WebhookWorker } from './worker.ts'
