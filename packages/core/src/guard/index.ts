export { isPublicAddress } from './guard.ts'
export {
  createGuard,
  DestinationRefused,
  hostOf,
  type AddressGuard,
  type GuardOptions,
} from './guard.ts'
