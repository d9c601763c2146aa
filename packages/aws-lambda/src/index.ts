export { webhook, type HttpContext, type Mountable, type WebhookOptions } from './webhook.ts'
export type { HttpEvent, HttpResult } from './webhook.ts'
export { runDue, type RunDueOptions } from './run-due.ts'
export { eventBridge, sns, sqs, type RecordOptions, type Taking } from './records.ts'
