// Lists what a provider's test vectors show, and where the vectors come from.
import { existsSync, readFileSync } from 'node:fs'
import type { CatalogueEntry } from '@postern/providers'
import type { Vector } from '@postern/testing'

type Known = Vector & { readonly origin: string }

/** Origins of a test vector, with their names in the tables. Origins that involve the provider come first. */
const ORIGINS = [
  ['real delivery', 'real delivery'],
  ['made of a real delivery', 'made of a real delivery'],
  ['official-doc', "sender's page"],
  ['official-sdk-test', "tests of the sender's library"],
  ['sdk-generated', "sender's library"],
  ['sdk-checked', "sender's library agrees"],
  ['checked by a second implementation', 'another implementation agrees'],
  ['node:crypto', 'node:crypto'],
  ['computed from the facts', 'signed by node:crypto'],
  ['own', 'own code'],
] as const
const SENDERS = new Set<string>(ORIGINS.slice(0, 6).map(([origin]) => origin))

interface Judged {
  readonly sender: string
  readonly differences: readonly { readonly case: string }[]
}

// Providers whose official library has judged all test vectors.
const { rows } = JSON.parse(
  readFileSync(new URL('../official/newest/results.json', import.meta.url), 'utf8'),
) as { readonly rows: readonly Judged[] }
const ASKED = new Map(
  rows.map((row) => [row.sender, new Set(row.differences.map((one) => one.case))]),
)

/** Returns the test vectors of a provider. */
export function known(name: string): readonly Known[] {
  const path = new URL(`../vectors/${name}.json`, import.meta.url)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Known[]) : []
}

/** Returns the valid vectors that the provider's deliveries, documentation or library confirm. */
function proven(name: string): readonly Known[] {
  const differ = ASKED.get(name)
  return known(name).filter(
    (one) =>
      one.expect === 'valid' &&
      (SENDERS.has(one.origin) || (differ !== undefined && !differ.has(one.name))),
  )
}

const headersOf = (vector: Known): readonly (readonly [string, string])[] =>
  Object.entries(vector.headers ?? {}).map(([name, value]) => [name, [value].flat().join(',')])

const signaturesOf = (vector: Known): readonly string[] =>
  headersOf(vector)
    .filter(([name]) => /sign|hmac/i.test(name) && !/version|algorithm|time|nonce/i.test(name))
    .flatMap(([, value]) => value.split(/[, ]+/).filter((part) => part.length > 20))

/** What a vector must contain to show a form. */
const SHOWS: readonly (readonly [form: RegExp, (vector: Known, form: string) => boolean])[] = [
  [/^key |^list /, () => true],
  [
    /^prefix /,
    (vector, form) => headersOf(vector).some(([, value]) => value.includes(form.slice(7))),
  ],
  [/signatures$/, (vector) => signaturesOf(vector).length > 1],
  [/^lower case$/, ({ url }) => /[?&][^=]*=[^&]*[A-Z]/.test(url)],
  [/^gzip /, ({ bodyBase64 }) => bodyBase64.startsWith('H4s')],
]

/** Points on which two implementations may differ although they agree in simple cases. */
const KINDS: readonly (readonly [kind: string, (vectors: readonly Known[]) => boolean])[] = [
  ['key forms', (all) => new Set(all.map(({ secret }) => String(secret))).size > 1],
  ['codings', (all) => all.some(({ bodyBase64 }) => bodyBase64.startsWith('H4s'))],
  [
    'letter case',
    (all) =>
      all.some(
        (one) =>
          signaturesOf(one).some((text) => /=?[\dA-F]{40,}$/.test(text) && /[A-F]/.test(text)) ||
          /[?&]data\.id=[^&]*[A-Z]/.test(one.url),
      ),
  ],
  ['several signatures', (all) => all.some((one) => signaturesOf(one).length > 1)],
  [
    'retries',
    (all) =>
      all.some((one) =>
        headersOf(one).some(
          ([name, value]) =>
            /retry|retries|attempt|redeliver/i.test(name) && !/^[01]?$/.test(value),
        ),
      ),
  ],
]

/** Returns the kinds of cases in which Postern and the provider's own library agree. */
export function comparedOver(name: string): readonly string[] {
  const differ = ASKED.get(name) ?? new Set()
  const same = known(name).filter((one) => !differ.has(one.name))
  return KINDS.filter(([, has]) => has(same)).map(([kind]) => kind)
}

/** Returns what a signature check depends on in addition to the algorithm and the message. */
function formsOf({ forms, codings, scheme }: CatalogueEntry): readonly string[] {
  const [, key] = /, key in ([a-z0-9 ]+)$/.exec(scheme) ?? []
  const keys = (key?.split(' or ') ?? []).filter((one) => one !== 'utf8')
  const coded = Object.entries(codings).map(([coding, signed]) => `${coding} ${signed}`)
  return [...new Set([...forms, ...keys.map((one) => `key in ${one}`), ...coded])]
}

/** Returns the forms that a vector of the provider shows, and those known only from its documentation. */
export function shownOf(entry: CatalogueEntry): {
  readonly shown: readonly string[]
  readonly transcribed: readonly string[]
} {
  const answers = proven(entry.name)
  const isShown = (form: string): boolean => {
    const [, shows] = SHOWS.find(([kind]) => kind.test(form)) ?? []
    return answers.some((vector) => shows?.(vector, form) === true)
  }
  const forms = formsOf(entry)
  return { shown: forms.filter(isShown), transcribed: forms.filter((form) => !isShown(form)) }
}

/** Returns a table cell: the origins and numbers of a provider's vectors, and what they show. */
export function answers(entry: CatalogueEntry): string {
  const counts = Map.groupBy(known(entry.name), ({ origin }) => origin)
  const { shown, transcribed } = shownOf(entry)
  const told = ORIGINS.flatMap(([origin, who]) =>
    counts.has(origin) ? [`${who} ${counts.get(origin)!.length}`] : [],
  ).join(', ')
  return [
    told || 'none',
    ...(shown.length > 0 ? [`shown by the sender: ${shown.join(', ')}`] : []),
    ...(transcribed.length > 0 ? [`transcribed: ${transcribed.join(', ')}`] : []),
  ].join('; ')
}
