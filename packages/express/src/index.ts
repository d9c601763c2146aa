export { webhook } from './webhook.ts'
export type {
  ForwardedHeader,
  Mountable,
  TrustProxy,
  UrlOptions,
  WebhookOptions,
} from '@postern/node'
export { closeOnSignal, drain, health, serve } from '@postern/node'
