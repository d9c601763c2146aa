import {
  provider as make,
  type SenderFacts,
  type Factory,
  type ProviderSpec,
} from '@postern/core/scheme'

/** `provider()` for a sender of the catalogue, whose facts must be there. */
export const provider: <Options extends object, Key = unknown, Ready = Options>(
  spec: ProviderSpec<NoInfer<Options>, Key, Ready> & { readonly facts: SenderFacts },
) => Factory<Options> = make
