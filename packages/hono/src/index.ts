export { webhook, type Mountable, type WebhookOptions } from './webhook.ts'
export { drain, health, serve } from './routes.ts'
