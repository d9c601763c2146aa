export { isPublicAddress } from './address.ts'
export {
  createGuard,
  DestinationRefused,
  hostOf,
  type AddressGuard,
  type GuardOptions,
} from './guard.ts'
