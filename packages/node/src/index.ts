export { webhook } from './webhook.ts'
export {
  closeOnSignal,
  type ClosableServer,
  type CloseOnSignalOptions,
  type ClosesOnSignal,
} from './close-on-signal.ts'
export { inFront } from './in-front.ts'
export {
  createBridge,
  NodeHeaders,
  type Bridge,
  type BridgeHost,
  type Mountable,
  type UrlOptions,
  type WebhookOptions,
} from './bridge.ts'
export { createBodyReader, type BodyReader } from './read-body.ts'
export type { ParsedRequest } from './read-body.ts'
export type { ForwardedHeader, TrustProxy } from './forwarded.ts'
export { runDue, health, serve, type NodeHandler } from './routes.ts'
