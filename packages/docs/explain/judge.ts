import { bodyDiff, explain, type BodyDiff, type Explanation } from '../../core/src/explain/index.ts'
import type { About } from '../../core/src/provider/index.ts'
import { parseRequest } from '../../cli/src/request/request-file.ts'
import { likelySenders } from './detect.ts'

/** The question of a reader. */
export interface Question {
  /** The request as bytes: a curl command, the text of HTTP, HAR or JSON. */
  readonly request: Uint8Array
  /** The name of the sender; by its headers if it is empty. */
  readonly sender: string
  /** Options of the sender: its secret, under the name of its option, and others. */
  readonly options: Readonly<Record<string, unknown>>
  readonly entry?: number
  /** Milliseconds since 1970 to judge by. @default the time of the file, else now */
  readonly at?: number
  /** Milliseconds and verifications that the search may take. @default 5000 ms, 20,000 verifications */
  readonly bounds?: { readonly ms: number; readonly attempts: number }
}

/** The answer, or what is missing for one. */
export type Answer =
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'ask'; readonly senders: readonly SenderRow[] }
  | { readonly kind: 'wrong'; readonly sender: SenderRow; readonly message: string }
  | { readonly kind: 'elsewhere'; readonly sender: SenderRow; readonly command: string }
  | {
      readonly kind: 'said'
      readonly sender: SenderRow
      readonly found: Omit<Explanation, 'repaired'>
      /** The method, the URL and the headers that were changed on the way. */
      readonly heads: readonly HeadChange[]
      /** The body, if it was changed on the way. */
      readonly body?: BodyDiff
    }

/** A line of the head that differs from what was signed. */
export interface HeadChange {
  readonly what: string
  readonly came: string
  readonly signed: string
}

/** A sender in the list, with the fields it asks for. */
export interface SenderRow {
  readonly name: string
  readonly title: string
  readonly fields: readonly Field[]
}

/** An option that must be given. */
export interface Field {
  readonly name: string
  readonly says: string
  readonly isSecret: boolean
}

/** The row of a sender. */
export function rowOf({ name, title, secretOption, example, options }: About): SenderRow {
  const keys = 'jwks' in options ? ['jwks'] : secretOption === undefined ? [] : [secretOption]
  const rest = Object.entries(example).flatMap(([option, value]) =>
    typeof value === 'string' &&
    option !== 'jwksUrl' &&
    !keys.includes(option) &&
    !('jwks' in options)
      ? [option]
      : [],
  )
  const fields = [...keys, ...rest].map((option) => ({
    name: option,
    says: options[option] ?? '',
    isSecret: option === secretOption,
  }))
  return { name, title, fields }
}

/** Judges a request as `postern explain` does. No request is sent: keys that are at a URL must be given. */
export async function judge(question: Question, all: readonly About[]): Promise<Answer> {
  const abouts = all.map(withoutFetch)
  let saved: ReturnType<typeof parseRequest>
  try {
    saved = parseRequest(question.request, { entry: question.entry })
  } catch (error) {
    return { kind: 'unreadable', message: (error as Error).message }
  }
  const { delivery, receivedAt } = saved
  const found = question.sender === '' ? likelySenders(abouts, delivery) : []
  const about =
    question.sender === ''
      ? found.length === 1
        ? found[0]
        : undefined
      : abouts.find(({ name }) => name === question.sender)
  if (!about) return { kind: 'ask', senders: found.map(rowOf) }
  const sender = rowOf(about)
  // A chain of certificates is checked against the authorities of Node.js.
  if ('certPem' in about.options)
    return {
      kind: 'elsewhere',
      sender,
      command: `npx postern explain request.http --provider ${about.name} --env .env`,
    }
  let provider: ReturnType<About['create']>
  try {
    provider = about.create(
      about.name === 'plaid' ? { clientId: 'none', ...question.options } : question.options,
    )
  } catch (error) {
    return { kind: 'wrong', sender, message: (error as Error).message }
  }
  const at = question.at ?? receivedAt
  const { repaired, ...said } = await explain(delivery, provider, {
    catalogue: abouts,
    ...(question.bounds ?? { ms: 5000 }),
    fingerprints: false,
    repaired: true,
    ...(at !== undefined && { now: () => at }),
  })
  if (!repaired) return { kind: 'said', sender, found: said, heads: [] }
  const came = typeof delivery.body === 'string' ? utf8.encode(delivery.body) : delivery.body!
  const body = bodyDiff(came, repaired.body)
  return {
    kind: 'said',
    sender,
    found: said,
    heads: headsOf(delivery, repaired),
    ...(body && { body }),
  }
}

const utf8 = new TextEncoder()

type Given = ReturnType<typeof parseRequest>['delivery']
type Repaired = NonNullable<Explanation['repaired']>

function headsOf(came: Given, signed: Repaired): readonly HeadChange[] {
  const lines = new Map<string, string[]>()
  for (const [name, value] of came.headers as Iterable<readonly [string, string]>)
    lines.set(name.toLowerCase(), [...(lines.get(name.toLowerCase()) ?? []), value])
  const names = new Set([...lines.keys(), ...signed.headers.keys()])
  const text = (values: readonly string[] | undefined): string => values?.join('\n') ?? ''
  return [
    { what: 'method', came: came.method ?? 'POST', signed: signed.method },
    { what: 'URL', came: String(came.url), signed: signed.url },
    ...[...names].map((name) => ({
      what: name,
      came: text(lines.get(name)),
      signed: text(signed.headers.get(name)),
    })),
  ].filter(({ came: one, signed: other }) => one !== other)
}

/** Returns a sender whose provider does not fetch. */
function withoutFetch(about: About): About {
  if (!('fetch' in about.options)) return about
  const fetch = (): Promise<never> => Promise.reject(new Error('this page fetches nothing'))
  return { ...about, create: (options) => about.create({ ...options, fetch }) }
}
