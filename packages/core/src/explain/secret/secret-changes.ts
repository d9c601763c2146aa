import { firstKeys, keysOf } from '../../provider/key-forms.ts'
import type { Made } from '../../provider/made.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, Clue, FindingCause } from '../finding.ts'
import { rekeyed } from '../trial/keys.ts'
import type { SecretsInForce } from './secrets.ts'
import { variants, type Variant } from './variants.ts'

/** Keys made of the secrets read another way: one slip each, or two with `twice`. */
export function* secretChanges(
  made: Made,
  secrets: SecretsInForce,
  keys: readonly unknown[],
  bounds: Bounds,
  twice = false,
): Generator<Change> {
  const firsts = firstKeys(keys)
  for (const [at, text] of secrets.texts.entries()) {
    const tried = new Set<string>([text])
    for (const first of variants(text)) {
      if (bounds.over()) return
      if (!twice) {
        yield* change(made, firsts[at], first, [step(secrets.name(at), secrets.option, first)])
        continue
      }
      if (first.text === undefined || tried.has(first.text)) continue
      tried.add(first.text)
      for (const second of variants(first.text)) {
        if (bounds.over()) return
        if (second.cause === first.cause || second.text === text) continue
        const steps = [first, second].map((one) => step(secrets.name(at), secrets.option, one))
        yield* change(made, firsts[at], second, steps)
      }
    }
  }
}

function* change(made: Made, key: unknown, one: Variant, steps: Clue[]): Generator<Change> {
  let others: readonly unknown[]
  if (one.bytes) others = [rekeyed(key, one.bytes)]
  else {
    try {
      others = keysOf(made.scheme, one.text!)
    } catch {
      return
    }
  }
  if (others[0] !== undefined) yield { keys: others, steps }
}
const REMEDIES: Partial<Record<FindingCause, string>> = {
  'secret-whitespace': 'set it without whitespace, or trim it where you read it',
  'secret-quoted': 'remove the quotes where it is set: many hosts take them as part of the value',
  'secret-prefix': "give the sender's secret whole, and nothing before it",
  'secret-encoding': 'give the secret as the sender shows it, and decode or encode nothing',
}

function step(name: string, option: string, { cause, says, remedy }: Variant): Clue {
  return {
    cause,
    message: `${name} ${says}; read otherwise, the signature matches`,
    remedy: `${option}: ${remedy ?? REMEDIES[cause]!}`,
  }
}
