import type { SecretOption } from '@postern/core'
import type { Factory, ProviderSpec, Scheme, SenderFacts } from '@postern/core/scheme'
import { provider, type SenderSetup } from '../common/provider.ts'
import type { PublicUrlOption } from './public-url.ts'

/** Options of a sender whose signature has no time. */
export type PresetOptions<Name extends string = 'secret'> = {
  /** The secret of the webhook. Give several while you change the secret. */
  readonly [name in Name]: SecretOption
}

/** Options of a sender whose signature covers the time of sending. */
export type DatedPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & {
  /**
   * Maximum difference between the signed time and now, in seconds, in either direction. @default the sender's own
   * value, or else 300
   */
  readonly tolerance?: number
}

/** Options of a sender whose signature covers the URL. */
export type UrlPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & PublicUrlOption

type Options<Name extends string, More> = DatedPresetOptions<Name> & More
type Base<Name extends string, Key, More> = ProviderSpec<Options<Name, More>, Key>
type Made = 'docs' | 'secret' | 'options' | 'scheme' | 'facts' | 'setup' | 'prepare'

/** Facts that a spec must state about its sender. Other facts follow from the scheme. */
export interface PresetFacts {
  readonly docs: string
  readonly setup: SenderSetup
  readonly checked: string
  readonly example?: object | undefined
  /** How the sender delivers. `source` is the page that says so, by default `docs`. */
  readonly delivers?: SenderFacts['delivers']
}

/** Options that `sign` passes to every scheme: the user's tolerance, and `anyCase` for hex digits of either case. */
interface Given {
  readonly tolerance?: number
  readonly anyCase: true
}

export interface SenderSpec<Name extends string, Key, More extends object>
  extends Omit<Base<Name, Key, More>, Made>, PresetFacts {
  /** Creates the scheme. May throw a `TypeError` for a wrong option. */
  readonly sign: (given: Given, options: More) => Scheme<Key>
  /** Name of the option for the secret. @default 'secret' */
  readonly secret?: Name
  /** Help text for the option with the secret. @default a sentence made from `setup.secret` */
  readonly hint?: string
  /** Further options, each with its help text. @default none */
  readonly extra?: Readonly<Record<string, string>>
  /** True if the signature has a time, but the provider has no option `tolerance`. @default false */
  readonly fixedTolerance?: boolean
  /** Converts the secret that the user gives, before the scheme makes a key from it. @default no conversion */
  readonly read?: (secret: string) => string
  /** Facts that do not follow from the scheme. @default none */
  readonly facts?: Omit<Partial<SenderFacts>, 'checked' | 'delivers' | 'example'>
}

/**
 * Creates a provider. Its options are the secret, the options in `extra` and, if the signature has a time, `tolerance`.
 */
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

/**
 * Returns the help text for the secret, such as `Secret of the app.` The name of a field, such as `webhook.secret`,
 * gets no capital letter.
 */
function sentence(place = 'secret of the webhook'): string {
  return / of (?:the|an?) /.test(place)
    ? `${place.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase())}.`
    : `Secret of the webhook: ${place}.`
}
