import type { SecretOption } from '@postern/core'
import type { Factory, ProviderSpec, Scheme, SenderFacts, Setup } from '@postern/core/scheme'
import { provider } from '../common/provider.ts'

/** Options of a sender that dates nothing. */
export type PresetOptions<Name extends string = 'secret'> = {
  /** The secret of the webhook. Several while it is being changed. */
  readonly [name in Name]: SecretOption
}

/** Options of a sender that signs a time. */
export type DatedPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & {
  /** Seconds the signed time may be away from now, in the past and in the future. @default what the sender says, else 300 */
  readonly tolerance?: number
}

type Base = ProviderSpec<DatedPresetOptions> & { readonly facts: SenderFacts }
type Made = 'docs' | 'secret' | 'options' | 'scheme' | 'facts' | 'setup' | 'prepare'

/** Facts of a sender; what they share with the sender's page follows from it. */
export interface PresetFacts {
  readonly docs: string
  /** `docs` is that of the sender if it is left out. */
  readonly setup: Omit<Setup, 'docs'> & Partial<Pick<Setup, 'docs'>>
  readonly checked: string
  readonly example?: object | undefined
  /** `source` is the sender's page if it is left out. */
  readonly delivers?: SenderFacts['delivers']
}

/** What a sender gives its scheme: the user's tolerance, and hex in either case. */
interface Given {
  readonly tolerance?: number
  readonly anyCase: true
}

/** What sets a sender with one secret apart from others. */
export interface SenderSpec<Name extends string, Key> extends Omit<Base, Made>, PresetFacts {
  /** How it signs. */
  readonly sign: (given: Given) => Scheme<Key>
  /** Name of the option that takes the secret. @default 'secret' */
  readonly secret?: Name
  /** A sentence on the secret. @default 'Secret of the webhook.' */
  readonly hint?: string
  /** Reads the secret as the sender's library does, before it is a key. @default as it is */
  readonly read?: (secret: string) => string
  /** Facts that the scheme cannot say. @default none */
  readonly facts?: Omit<Partial<SenderFacts>, 'checked' | 'delivers' | 'example'>
}

/** A sender whose options are one secret and, if it signs a time, its tolerance. */
export function sender<Name extends string = 'secret', Key = unknown>(
  given: SenderSpec<Name, Key>,
): Factory<DatedPresetOptions<Name>> {
  const { sign, setup, hint = 'Secret of the webhook.', checked, example, ...rest } = given
  const { delivers = {}, facts, read, ...spec } = rest
  const { docs, secret = 'secret' } = spec
  const scheme = ({ tolerance }: { readonly tolerance?: number }): Scheme => {
    const dated = tolerance !== undefined && { tolerance }
    const made = sign({ ...dated, anyCase: true }) as Scheme<unknown>
    return read ? { ...made, key: (text) => made.key(read(text)) } : made
  }
  const { tolerance = facts?.tolerance } = scheme({})
  const made = provider<DatedPresetOptions>({
    options: {
      [secret]: hint,
      ...(typeof tolerance === 'number' && {
        tolerance: `Seconds the signed time may be away from now. Default ${tolerance}.`,
      }),
    } as Base['options'],
    scheme,
    ...spec,
    setup: { docs, ...setup },
    facts: { ...facts, checked, example, delivers },
  })
  return made as unknown as Factory<DatedPresetOptions<Name>>
}
