import type { SecretOption } from '@postern/core'
import type { Factory, ProviderSpec, Scheme, SenderFacts } from '@postern/core/scheme'
import { provider, type SenderSetup } from '../common/provider.ts'
import type { PublicUrlOption } from './public-url.ts'

/** Options of a sender that signs no time. */
export type PresetOptions<Name extends string = 'secret'> = {
  /** The secret of the webhook. Several while the secret is being changed. */
  readonly [name in Name]: SecretOption
}

/** Options of a sender that signs a time. */
export type DatedPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & {
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default the sender's own, else 300 */
  readonly tolerance?: number
}

/** Options of a sender that signs its URL. */
export type UrlPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & PublicUrlOption

type Options<Name extends string, More> = DatedPresetOptions<Name> & More
type Base<Name extends string, Key, More> = ProviderSpec<Options<Name, More>, Key>
type Made = 'docs' | 'secret' | 'options' | 'scheme' | 'facts' | 'setup' | 'prepare'

/** Facts of a sender, without those that follow from others. */
export interface PresetFacts {
  readonly docs: string
  readonly setup: SenderSetup
  readonly checked: string
  readonly example?: object | undefined
  /** `source` is the sender's page if it is left out. */
  readonly delivers?: SenderFacts['delivers']
}

/** The user's tolerance, and hex digits in either case. */
interface Given {
  readonly tolerance?: number
  readonly anyCase: true
}

/** The spec of a sender with one secret. */
export interface SenderSpec<Name extends string, Key, More extends object>
  extends Omit<Base<Name, Key, More>, Made>, PresetFacts {
  /** Makes the scheme. It may throw a `TypeError` for a wrong option. */
  readonly sign: (given: Given, options: More) => Scheme<Key>
  /** Name of the option that takes the secret. @default 'secret' */
  readonly secret?: Name
  /** A sentence on the secret. @default `setup.secret` as a sentence */
  readonly hint?: string
  /** Options next to the secret and `tolerance`, each with a sentence on it. @default none */
  readonly extra?: Readonly<Record<string, string>>
  /** True if the scheme knows a time and the app cannot choose its tolerance. @default false */
  readonly fixedTolerance?: boolean
  /** Reads the secret as the sender's library does, before it is a key. @default as it is */
  readonly read?: (secret: string) => string
  /** Facts that the scheme cannot say. @default none */
  readonly facts?: Omit<Partial<SenderFacts>, 'checked' | 'delivers' | 'example'>
}

/** Makes a sender whose options are one secret, the tolerance of a signed time, and `extra`. */
export function sender<Name extends string = 'secret', Key = unknown, More extends object = object>(
  given: SenderSpec<Name, Key, More>,
): Factory<Options<NoInfer<Name>, NoInfer<More>>> {
  const { sign, setup, hint = sentence(setup.secret), extra, fixedTolerance, ...rest } = given
  const { checked, example, delivers = {}, facts, read, ...spec } = rest
  const { secret = 'secret' } = spec
  const scheme = (options: { readonly tolerance?: number }): Scheme<Key> => {
    const { tolerance } = options
    const made = sign(
      { ...(tolerance !== undefined && { tolerance }), anyCase: true },
      options as More,
    )
    return read ? { ...made, key: (text) => made.key(read(text)) } : made
  }
  const { tolerance = facts?.tolerance } = scheme(example ?? {})
  const made = provider({
    options: {
      [secret]: hint,
      ...extra,
      ...(typeof tolerance === 'number' &&
        !fixedTolerance && {
          tolerance: `Seconds the signed time may be away from now. Default ${tolerance}.`,
        }),
    } as Base<Name, Key, More>['options'],
    scheme,
    ...spec,
    setup,
    facts: { ...facts, checked, example, delivers },
  } as Parameters<typeof provider<Options<Name, More>, Key>>[0])
  return made as Factory<Options<Name, More>>
}

/** A sentence on the secret, which says whose secret it is. The name of a field, such as `webhook.secret`, keeps its case. */
function sentence(place = 'secret of the webhook'): string {
  return / of (?:the|an?) /.test(place)
    ? `${place.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase())}.`
    : `Secret of the webhook: ${place}.`
}
