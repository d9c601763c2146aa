export { webhook, type WebhookOptions } from './webhook.ts'
export type { ForwardedHeader, Mountable, TrustProxy, UrlOptions } from '@postern/node'
