export { forward, type ForwardHandler } from './forward.ts'
export type { Content } from './message.ts'
export {
  signer,
  type Destination,
  type DestinationInit,
  type Signer,
  type SignOption,
} from './signer.ts'
export { standardSchedule, type CallOptions, type ForwardOptions } from './options.ts'
export {
  createGuard,
  DestinationRejected,
  isPublicAddress,
  type AddressGuard,
  type GuardOptions,
} from '@postern/core/guard'
export {
  createSender,
  type Message,
  type RegisteredDestination,
  type SourceOptions,
  type WebhookSource,
} from './source.ts'
export type { DestinationCredentials, Registration } from './registry.ts'
export type { KeyOption } from '@postern/core/engine'
