export { isPublicAddress } from './guard.ts'
export {
  createGuard,
  DestinationRejected,
  hostOf,
  type AddressGuard,
  type GuardOptions,
} from './guard.ts'
