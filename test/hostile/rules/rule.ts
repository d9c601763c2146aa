import type { InboxName, Inboxes } from './inboxes.ts'

/** One try at breaking a rule. */
export interface RuleCase {
  readonly name: string
  /** Where it is tried: a command, a route of the inspector, a tool of the agent server, or a host. */
  readonly at: string
  /** The sender whose deliveries, secrets or API it uses. */
  readonly sender?: string
  readonly inbox?: InboxName
  /** Resolves with what is broken, for people; undefined if the rule holds. A rejection breaks the rule too. */
  readonly run: () => Promise<string | undefined>
}

/** A rule of SECURITY.md with the tries at breaking it, over the whole product. */
export interface RulePart {
  /** As SECURITY.md and the table have it: `1`, `3a`. */
  readonly rule: string
  readonly title: string
  /**
   * Starts what the cases need. `every` asks for all there are, as `npm test -- hostile` does; without it what no inbox and no
   * sender can change is tried on one of them.
   */
  readonly open: (inboxes: Inboxes, every: boolean) => Promise<OpenPart>
}

/** The cases of a rule, ready to be played. */
export interface OpenPart {
  readonly cases: readonly RuleCase[]
  /** Cases that are played at once. @default 1 */
  readonly together?: number
  readonly close?: () => Promise<void>
}

/** How one case went. */
export interface RuleVerdict {
  readonly case: RuleCase
  readonly broken: string | undefined
}

/** Plays the cases of a rule; `every` as of {@link RulePart}. */
export async function playRule(
  part: RulePart,
  inboxes: Inboxes,
  every = false,
): Promise<readonly RuleVerdict[]> {
  const { cases, together = 1, close } = await part.open(inboxes, every)
  try {
    const verdicts: RuleVerdict[] = []
    const left = cases.values()
    const work = async (): Promise<void> => {
      for (const one of left)
        verdicts.push({ case: one, broken: await within(one.run().catch(thrown)) })
    }
    await Promise.all(Array.from({ length: together }, work))
    return verdicts
  } finally {
    await close?.()
  }
}

// Milliseconds. A try takes two seconds at most; what hangs must not hide the others.
const LONGEST = 60_000

async function within(tried: Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it did not end within ${LONGEST} ms`), LONGEST)
  })
  return Promise.race([tried, late]).finally(() => clearTimeout(timer))
}

function thrown(error: unknown): string {
  return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
