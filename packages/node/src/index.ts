export { webhook } from './webhook.ts'
export {
  closeOnSignal,
  type ClosableServer,
  type CloseOnSignalOptions,
  type ClosesOnSignal,
} from './close-on-signal.ts'
export { inFront } from './in-front.ts'
export { createBridge, type Bridge, type BridgeHost, type WebhookOptions } from './bridge.ts'
export { createBodyReader, type BodyReader } from './read-body.ts'
export { NodeHeaders } from './bridge.ts'
export type { Mountable } from './bridge.ts'
export type { ParsedRequest } from './bridge.ts'
export type { UrlOptions } from './bridge.ts'
export type { ForwardedHeader, TrustProxy } from './forwarded.ts'
export { runDue, health, serve, type NodeHandler } from './routes.ts'
