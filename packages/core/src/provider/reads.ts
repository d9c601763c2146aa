import type { Delivery } from '../delivery.ts'
import type { Provider } from './provider.ts'
import type { Scheme } from './scheme.ts'
import type { ProviderSpec } from './spec.ts'

/** The headers that a provider reads, as its scheme and its spec say; what `compose` writes tells topic and id. */
export function readsOf<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
  scheme: Pick<Scheme, 'needs' | 'reads'>,
  claims: string | undefined,
  options: Ready,
): NonNullable<Provider['reads']> {
  let fixed: readonly string[] | undefined
  return (delivery) => {
    fixed ??= [
      ...(claims === undefined ? [] : [claims]),
      ...composed(spec, options, {}),
      ...composed(spec, options, { id: '1' }),
    ]
    const more = [...schemeReads(scheme, delivery), ...read(spec.reads, delivery, options)]
    return [...fixed, ...more].map((name) => name.toLowerCase())
  }
}

/** The headers that a scheme reads of a delivery. */
export function schemeReads(
  { needs = [], reads }: Pick<Scheme, 'needs' | 'reads'>,
  delivery: Delivery,
): readonly string[] {
  return [...needs, ...read(reads, delivery, undefined)]
}

function read<Options>(
  said: readonly string[] | ((delivery: Delivery, options: Options) => readonly string[]) = [],
  delivery: Delivery,
  options: Options,
): readonly string[] {
  if (typeof said !== 'function') return said
  try {
    return said(delivery, options)
  } catch {
    // A refused delivery may name its headers in any way.
    return []
  }
}

function composed<Options extends object, Key, Ready>(
  { compose }: ProviderSpec<Options, Key, Ready>,
  options: Ready,
  draft: { readonly id?: string },
): readonly string[] {
  try {
    return Object.keys(compose?.(draft, options).headers ?? {})
  } catch {
    // It wants a topic or a payload: then it tells nothing.
    return []
  }
}
