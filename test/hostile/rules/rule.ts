import type { InboxName, Inboxes } from './inboxes.ts'

/** Attempt to break a rule. */
export interface RuleCase {
  readonly name: string
  /** Where the attempt happens: a command, a route of the inspector, a tool of the agent server, or a host. */
  readonly at: string
  /** Provider whose deliveries, secrets or API the attempt uses. */
  readonly sender?: string
  readonly inbox?: InboxName
  /** Describes the failure, or returns undefined if the rule holds. A rejected promise is a failure too. */
  readonly run: () => Promise<string | undefined>
}

/** Rule of SECURITY.md, and attempts to break the rule anywhere in the product. */
export interface RulePart {
  /** Number in SECURITY.md and the table: `1`, `3a`. */
  readonly rule: string
  readonly title: string
  /**
   * Starts the services that the cases need. With `every`, all cases run, as in `npm test -- hostile`. Otherwise, cases
   * that do not depend on the inbox or the provider run once.
   */
  readonly open: (inboxes: Inboxes, every: boolean) => Promise<OpenPart>
}

export interface OpenPart {
  readonly cases: readonly RuleCase[]
  /** Number of cases that run in parallel. @default 1 */
  readonly together?: number
  readonly close?: () => Promise<void>
}

export interface RuleVerdict {
  readonly case: RuleCase
  readonly broken: string | undefined
}

/** Plays the cases of a rule. `every` is described at {@link RulePart}. */
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

// In milliseconds. A case takes at most two seconds, and a case that hangs must not hide the others.
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
