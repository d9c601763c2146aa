import { HOUR, MINUTE, type Bucket, type Inbox } from '@postern/core/inbox'

/** What a week says about what is usual. */
export interface Week {
  /** Refusals by code, by hour. */
  readonly codes: readonly Bucket[]
  /** Verified deliveries, in steps of ten minutes. */
  readonly verified: readonly Bucket[]
}

const GENUINE: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'unhandled'])
const KEPT = 5 * MINUTE

/**
 * Makes the function that reads the last week. Its answer is kept for five minutes for all viewers, since thousands of
 * minutes are read for it.
 */
export function createWeek(now: () => number): (inbox: Inbox) => Promise<Week> {
  let known: { readonly at: number; readonly week: Promise<Week> } | undefined
  return (inbox) => {
    if (known && now() - known.at < KEPT) return known.week
    const week = read(inbox, now())
    known = { at: now(), week }
    week.catch(() => (known = undefined))
    return week
  }
}

async function read({ journal }: Inbox, now: number): Promise<Week> {
  if (!journal) return { codes: [], verified: [] }
  const range = { from: now - 168 * HOUR, to: now + 1, kind: 'delivery' as const }
  const [codes, outcomes] = await Promise.all([
    journal.history({ ...range, step: HOUR, by: 'code' }),
    journal.history({ ...range, step: 10 * MINUTE, by: 'outcome' }),
  ])
  const verified = outcomes.filter((bucket) => 'value' in bucket && GENUINE.has(bucket.value))
  return { codes, verified }
}
