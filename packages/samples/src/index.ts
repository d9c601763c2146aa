export { fill, type FillOptions } from './fill.ts'
export { octokitSamples, sample, samples, type Sample } from './samples.ts'
export {
  deliver,
  type Delivered,
  type DeliveredEvent,
  type DeliveredTask,
  type DeliverOptions,
} from './deliver.ts'
export { copyAsCurl, type CopyAsCurlOptions, type CurlPart } from './copy-as-curl.ts'
export { copyAsTest, type CopiedTask, type CopyAsTestOptions } from './copy-as-test.ts'
export { exportDelivery, fromDelivery, type ExportedDelivery } from './exported.ts'
export { frozen, type FrozenClock } from './copy-as-test.ts'
export { madeUpSecrets } from './copy-as-test.ts'
export { settled, type SettledOptions } from './settled.ts'
export { signed, signedInit, type SignedOptions } from './signed.ts'
