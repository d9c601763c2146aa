import type { Case } from './case.ts'
import { finding, type Finding } from './finding.ts'

const MOST = 8

/** What the masked values of a kept delivery leave unknown; undefined if none was masked. */
export function maskedFinding(
  masked: readonly string[] | undefined,
  { provider }: Pick<Case, 'provider'>,
): Finding | undefined {
  if (masked === undefined || masked.length === 0) return undefined
  const places = masked.slice(0, MOST).map(shown).join(', ')
  const inBody = masked.some((place) => /^(?:field |body$)/.test(place))
  const decides = inBody && provider.covers.body !== 'none'
  return finding(
    {
      cause: 'credential-masked',
      message: `a credential was masked before the delivery was kept (${places})${
        decides ? ', so its signature over the body cannot match any more' : ''
      }`,
      remedy: `if ${provider.name} sends none there, the delivery comes from another sender: correct the URL at that sender; else compare the secret of this receiver with that of the sender`,
    },
    decides ? 'likely' : 'possible',
  )
}

/** The findings with that on masked values: first where nothing else can be proven, else last. */
export function withMasked(
  findings: readonly Finding[],
  masked: Finding | undefined,
): readonly Finding[] {
  if (!masked) return findings
  const isProven = findings.some(({ certainty }) => certainty === 'proven')
  return masked.certainty === 'likely' && !isProven ? [masked, ...findings] : [...findings, masked]
}

// Names come from the network.
function shown(place: string): string {
  return place.replaceAll(/[^\w\-.[\] ]/g, '?').slice(0, 100)
}
