export { webhook, type WebhookOptions } from './webhook.ts'
export type { Mountable, TrustProxy, UrlOptions } from '@postern/node'
