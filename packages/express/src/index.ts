export { webhook } from './webhook.ts'
export type {
  ForwardedHeader,
  Mountable,
  TrustProxy,
  UrlOptions,
  WebhookOptions,
} from '@postern/node'
export { closeOnSignal, runDue, health, serve } from '@postern/node'
