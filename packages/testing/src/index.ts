export { testProvider, type ProviderUnderTest } from './provider.ts'
export type { SigningLaws } from './provider/laws.ts'
export type { ExpectedReply, Vector } from './provider/vector.ts'
export type { Runner } from './runner.ts'
