import type { Delivery } from '../delivery.ts'
import { madeOf, type Made } from '../provider/made.ts'
import { keysOf } from '../provider/key-forms.ts'
import type { Provider } from '../provider/provider.ts'
import { toPlain } from './finding.ts'
import { namedSecrets, type SecretsInForce } from './secret/secrets.ts'
import { prefixOf } from './signature/signature-text.ts'
import type { TrialState } from './trial/trial.ts'

/** A delivery and a provider that does not accept it, with all that the search for the cause can vary. */
export interface Subject {
  readonly provider: Provider
  /** Undefined if `provider()` did not make the provider. Then its secrets and options cannot be varied. */
  readonly made: Made | undefined
  readonly secrets: SecretsInForce | undefined
  readonly state: TrialState
  readonly publicUrl: string | undefined
  readonly takesPublicUrl: boolean
  /** Headers of a test delivery that was signed here, as this sender writes them; empty without a signing key. */
  readonly sample: ReadonlyMap<string, string>
  readonly prefixes: readonly string[]
}

export async function subjectOf(
  delivery: Delivery,
  provider: Provider,
  fingerprints: boolean,
): Promise<Subject> {
  const request = toPlain(delivery)
  const made = madeOf(provider)
  const texts = made ? await textsOf(made, delivery) : []
  const secrets =
    made && texts.length > 0 ? namedSecrets(provider.name, made, texts, fingerprints) : undefined
  const keys = made?.scheme.keys ?? texts.flatMap((text) => keysOf(made!.scheme, text))
  const sample = sampleOf(provider, texts[0])
  const options = made?.options as Readonly<Record<string, unknown>> | undefined
  return {
    provider,
    made,
    secrets,
    state: { request, provider, keys, steps: [] },
    publicUrl: urlOf(options?.['publicUrl'], delivery),
    takesPublicUrl: made !== undefined && 'publicUrl' in made.factory.about.options,
    sample,
    prefixes: [...sample.values()].flatMap((value) => before(value, texts[0]) || []),
  }
}

function before(value: string, secret: string | undefined): string | undefined {
  return secret !== undefined && value.endsWith(secret)
    ? value.slice(0, -secret.length)
    : prefixOf(value)
}

async function textsOf({ secret }: Made, delivery: Delivery): Promise<readonly string[]> {
  const given = typeof secret === 'function' ? await secret(delivery) : secret
  if (given === undefined) return []
  return [given].flat().flatMap((one) => (typeof one === 'string' ? one : one.secret))
}

function urlOf(option: unknown, delivery: Delivery): string | undefined {
  try {
    const url: unknown = typeof option === 'function' ? option(delivery) : option
    return typeof url === 'string' ? url : undefined
  } catch {
    return undefined
  }
}

function sampleOf(provider: Provider, secret: string | undefined): ReadonlyMap<string, string> {
  try {
    const draft = { body: '{}', ...(secret !== undefined && { secret }) }
    const signed = provider.sign?.(draft)
    return new Map(Object.entries(signed?.headers ?? {}))
  } catch {
    return new Map()
  }
}
