export { webhook, type Mountable, type WebhookOptions } from './webhook.ts'
export { drain, health } from './routes.ts'
