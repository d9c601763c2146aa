export { webhook, type WebhookOptions } from './webhook.ts'
export type { ForwardedHeader, Mountable, TrustProxy, UrlOptions } from '@postern/node'
export { closeOnSignal } from '@postern/node'
export { runDue, health, serve } from './routes.ts'
