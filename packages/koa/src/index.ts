export { webhook } from './webhook.ts'
export type {
  ForwardedHeader,
  Mountable,
  TrustProxy,
  UrlOptions,
  WebhookOptions,
} from '@postern/node'
export { closeOnSignal } from '@postern/node'
export { runDue, health, serve } from './routes.ts'
