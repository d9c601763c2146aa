export { testProvider, type ProviderUnderTest } from './provider.ts'
export type { SigningLaws } from './provider/laws.ts'
export type { ExpectedReply, Vector } from './provider/vector.ts'
export type { TestRunner } from './runner.ts'
export { acme, type AcmeOptions } from './acme.ts'
export { testAdapter, type AdapterUnderTest } from './adapter.ts'
export type { ConsumedVariant, RecoveredVariant } from './adapter/parser-cases.ts'
export { listen } from './adapter/listen.ts'
export type { Mount, Mounted } from './adapter/scene.ts'
export { createStage, type Stage, type StageName } from './adapter/stage.ts'
export type { Control, Report, Run } from './adapter/log.ts'
export { testLedger, type LedgerUnderTest } from './ledger.ts'
export { testReceiver } from './receiver.ts'
export type {
  MountedReceiver,
  MountReceiver,
  ReadEffects,
  ReceiverSender,
  ReceiverSkills,
  ReceiverStart,
} from './receiver/mounting.ts'
export { startProgram, type ProgramOptions } from './receiver/program.ts'
export { testInbox, type InboxSkills } from './inbox.ts'
export type { InboxHandle, MakeInbox } from './inbox/scene.ts'
export type { TransactionProbe } from './inbox/accept/transaction-cases.ts'
export { fill, type FillOptions } from './samples/fill.ts'
export { octokitSamples } from './samples/octokit.ts'
export { sample, samples, type Sample } from './samples/samples.ts'
export {
  deliver,
  type Delivered,
  type DeliveredEvent,
  type DeliveredTask,
  type DeliverOptions,
} from './kit/deliver.ts'
export { copyAsCurl, type CopyAsCurlOptions, type CurlPart } from './kit/copy-as-curl.ts'
export { copyAsTest } from './kit/copy-as-test.ts'
export { exportDelivery, fromDelivery, type ExportedDelivery } from './kit/exported.ts'
export { frozen, type FrozenClock } from './kit/frozen.ts'
export { madeUpSecrets } from './kit/made-up-secrets.ts'
export { settled, type SettledOptions } from './kit/settled.ts'
export { signed, signedInit, type SignedOptions } from './kit/signed.ts'
