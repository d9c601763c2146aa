import {
  provider as make,
  type SenderFacts,
  type Factory,
  type ProviderSpec,
  type Setup,
} from '@postern/core/scheme'

/** Place where an app registers its URL at the sender. Without `docs`, the provider's own `docs` is used. */
export type SenderSetup = Omit<Setup, 'docs'> & Partial<Pick<Setup, 'docs'>>

type Spec<Options extends object, Key, Ready> = Omit<
  ProviderSpec<NoInfer<Options>, Key, Ready>,
  'setup'
> & {
  readonly docs: string
  readonly setup: SenderSetup
  readonly facts: SenderFacts
}

/** Creates a provider as `provider()` of core does, but requires `facts`, which describe the sender's deliveries. */
export function provider<Options extends object, Key = unknown, Ready = Options>(
  spec: Spec<Options, Key, Ready>,
): Factory<Options> {
  return make<Options, Key, Ready>({ ...spec, setup: { docs: spec.docs, ...spec.setup } })
}
