export { forward, type ForwardHandler } from './forward.ts'
export type { CallOptions, ForwardOptions } from './options.ts'
export type { Destination, DestinationInit } from './signer.ts'
export type { Content } from './message.ts'
export { signer, type Signer, type SignOption } from './signer.ts'
export { standardSchedule } from './options.ts'
export {
  createGuard,
  DestinationRejected,
  isPublicAddress,
  type AddressGuard,
  type GuardOptions,
} from '@postern/core/guard'
export { createSender } from './source.ts'
export type {
  DestinationCredentials,
  Message,
  RegisteredDestination,
  Registration,
  WebhookSource,
  SourceOptions,
} from './source-types.ts'
export type { KeyOption } from '@postern/core/engine'
