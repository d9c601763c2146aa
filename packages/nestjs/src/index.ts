export {
  PosternModule,
  type MadeReceiver,
  type ReceiverDefinition,
  type RootDefinition,
  type RootOptions,
} from './module.ts'
export { InjectReceiver, OnDead, OnWebhook, type WebhookSubscription } from './host.ts'
export { receiverToken } from './tokens.ts'
