export { webhook } from './webhook.ts'
export type {
  ForwardedHeader,
  Mountable,
  TrustProxy,
  UrlOptions,
  WebhookOptions,
} from '@postern/node'
