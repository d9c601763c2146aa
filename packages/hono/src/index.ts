export { webhook, type Mountable, type WebhookOptions } from './webhook.ts'
export { runDue, health, serve } from './routes.ts'
