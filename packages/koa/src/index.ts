export { webhook } from './webhook.ts'
export type { Mountable, TrustProxy, UrlOptions, WebhookOptions } from '@postern/node'
