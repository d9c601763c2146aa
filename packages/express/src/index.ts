export { webhook } from './webhook.ts'
export type {
  ForwardedHeader,
  Mountable,
  TrustProxy,
  UrlOptions,
  WebhookOptions,
} from '@postern/node'
export { closeOnSignal, drain, health } from '@postern/node'
