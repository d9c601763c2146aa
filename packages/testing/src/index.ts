export { testProvider } from './provider.ts'
export type { ExpectedReply, ProviderUnderTest, SigningLaws, Vector } from './provider/vector.ts'
export type { TestRunner } from './ledger.ts'
export { acme, type AcmeOptions } from './acme.ts'
export { testAdapter, type AdapterUnderTest } from './adapter.ts'
export { listen } from './adapter/scene.ts'
export type { ConsumedVariant, Mount, Mounted, RecoveredVariant } from './adapter/scene.ts'
export { createStage } from './adapter/stage.ts'
export type { Control, Report, Run, Stage, StageName } from './adapter/stage.ts'
export { testLedger, type LedgerUnderTest } from './ledger.ts'
export { testReceiver } from './receiver.ts'
export type {
  MountedReceiver,
  MountReceiver,
  ReadEffects,
  ReceiverSender,
  ReceiverSkills,
  ReceiverStart,
} from './receiver/scene.ts'
export { startProgram, type ProgramOptions } from './receiver/scene.ts'
export { testInbox, type InboxSkills } from './inbox.ts'
export type { InboxHandle, MakeInbox } from './inbox/scene.ts'
export type { TransactionProbe } from './inbox/accept/transaction-cases.ts'
export {
  fill,
  type FillOptions,
  octokitSamples,
  sample,
  samples,
  type Sample,
  deliver,
  type Delivered,
  type DeliveredEvent,
  type DeliveredTask,
  type DeliverOptions,
  copyAsCurl,
  type CopyAsCurlOptions,
  type CurlPart,
  copyAsTest,
  type CopiedTask,
  type CopyAsTestOptions,
  exportDelivery,
  fromDelivery,
  type ExportedDelivery,
  frozen,
  type FrozenClock,
  madeUpSecrets,
  settled,
  type SettledOptions,
  signed,
  signedInit,
  type SignedOptions,
} from '@postern/samples'
