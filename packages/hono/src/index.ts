export { webhook, type Mountable, type WebhookOptions } from './webhook.ts'
